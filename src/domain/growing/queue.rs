//! A queue in blocks, whose items are found by number, too.

use std::collections::VecDeque;
use std::sync::Arc;

use super::sizes::BLOCK;

/// First in, first out; numbered from 0 as they come. Neither end moves what is between; a clone shares the blocks until either is changed.
#[derive(Clone, Debug)]
pub(crate) struct BlockQueue<T> {
    /// Of numbers that follow one another, `BLOCK` each, but for what is out of the first and not yet in the last.
    blocks: VecDeque<Arc<VecDeque<T>>>,
    /// Number of the first.
    first: u64,
    /// Number of the next that comes.
    next: u64,
}

impl<T> Default for BlockQueue<T> {
    fn default() -> Self {
        Self { blocks: VecDeque::new(), first: 0, next: 0 }
    }
}

impl<T: Clone> BlockQueue<T> {
    /// Its number.
    pub(crate) fn push_back(&mut self, item: T) -> u64 {
        let number = self.next;
        self.next += 1;
        match self.blocks.back_mut() {
            Some(last) if !number.is_multiple_of(BLOCK as u64) => Arc::make_mut(last).push_back(item),
            // A queue that is short stays small.
            None => self.blocks.push_back(Arc::new(VecDeque::from([item]))),
            Some(_) => {
                let mut next = VecDeque::with_capacity(BLOCK);
                next.push_back(item);
                self.blocks.push_back(Arc::new(next));
            }
        }
        number
    }

    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        let (block, at) = self.place(number)?;
        Arc::make_mut(self.blocks.get_mut(block)?).get_mut(at)
    }

    pub(crate) fn pop_front(&mut self) -> Option<T> {
        let item = Arc::make_mut(self.blocks.front_mut()?).pop_front()?;
        self.first += 1;
        if self.first.is_multiple_of(BLOCK as u64) || self.first == self.next {
            self.blocks.pop_front();
        }
        Some(item)
    }
}

impl<T> BlockQueue<T> {
    /// All, the oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.blocks.iter().flat_map(|block| block.iter())
    }

    pub(crate) fn front(&self) -> Option<&T> {
        self.blocks.front()?.front()
    }

    /// Number of the first, or of the next that comes.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// Where a number stands: of numbers that are out, or never came, nowhere.
    fn place(&self, number: u64) -> Option<(usize, usize)> {
        let from_first = number.checked_sub(self.first)?;
        let out = self.first % BLOCK as u64;
        let block = usize::try_from((from_first + out) / BLOCK as u64).ok()?;
        let at = (from_first + out) % BLOCK as u64 - if block == 0 { out } else { 0 };
        Some((block, usize::try_from(at).ok()?))
    }

    pub(crate) fn get(&self, number: u64) -> Option<&T> {
        let (block, at) = self.place(number)?;
        self.blocks.get(block)?.get(at)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.blocks.iter().map(|block| block.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_does_what_a_queue_does() {
        let (mut blocks, mut plain) = (BlockQueue::default(), VecDeque::new());
        let mut next = 0;
        // Lengths about the sizes of blocks, and empty between.
        for (come, go) in [(3, 3), (BLOCK, 1), (2 * BLOCK, BLOCK), (1, 2 * BLOCK), (5, 4), (BLOCK, BLOCK + 1), (2, 1)] {
            for _ in 0..come {
                assert_eq!(blocks.push_back(next), next);
                plain.push_back(next);
                next += 1;
            }
            for _ in 0..go {
                assert_eq!(blocks.front(), plain.front());
                assert_eq!(blocks.pop_front(), plain.pop_front());
                assert_eq!(blocks.get(blocks.first()), plain.front());
            }
            assert_eq!(blocks.len(), plain.len());
            for number in 0..next + 2 {
                assert_eq!(blocks.get(number).copied(), plain.contains(&number).then_some(number));
            }
        }
        while let Some(item) = plain.pop_front() {
            assert_eq!(blocks.pop_front(), Some(item));
        }
        assert_eq!(blocks.front(), None);
        assert_eq!(blocks.pop_front(), None);
    }

    #[test]
    fn what_is_there_stays_where_it_is_and_can_be_changed_there() {
        let mut blocks = BlockQueue::default();
        for item in 0..2 * BLOCK {
            blocks.push_back(item);
        }
        let place = std::ptr::from_ref(blocks.get(BLOCK as u64).expect("it is there"));
        for item in 0..100 * BLOCK {
            blocks.push_back(item);
        }
        for _ in 0..BLOCK {
            blocks.pop_front();
        }
        *blocks.get_mut(BLOCK as u64).expect("it is there") = 7;
        assert_eq!((blocks.front().map(std::ptr::from_ref), blocks.front()), (Some(place), Some(&7)));
    }
}
