//! A queue in blocks.

use std::collections::VecDeque;

use super::BLOCK;

/// First in, first out. Neither end moves what is between.
#[derive(Debug)]
pub(crate) struct BlockQueue<T> {
    /// All full but the last; none is empty but the only one.
    blocks: VecDeque<Vec<T>>,
    /// How many of the first block are out already.
    out: usize,
}

impl<T> Default for BlockQueue<T> {
    fn default() -> Self {
        Self { blocks: VecDeque::new(), out: 0 }
    }
}

impl<T: Copy> BlockQueue<T> {
    pub(crate) fn push_back(&mut self, item: T) {
        match self.blocks.back_mut() {
            Some(last) if last.len() < BLOCK => last.push(item),
            // One that is short stays small.
            None => self.blocks.push_back(vec![item]),
            Some(_) => {
                let mut next = Vec::with_capacity(BLOCK);
                next.push(item);
                self.blocks.push_back(next);
            }
        }
    }

    pub(crate) fn front(&self) -> Option<&T> {
        self.blocks.front()?.get(self.out)
    }

    pub(crate) fn pop_front(&mut self) -> Option<T> {
        let item = self.front().copied()?;
        self.out += 1;
        if self.blocks.front().is_some_and(|first| first.len() == self.out) {
            self.out = 0;
            match self.blocks.len() {
                // Kept, for what comes next.
                1 => self.blocks[0].clear(),
                _ => drop(self.blocks.pop_front()),
            }
        }
        Some(item)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.blocks.iter().map(Vec::len).sum::<usize>() - self.out
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
                blocks.push_back(next);
                plain.push_back(next);
                next += 1;
            }
            for _ in 0..go {
                assert_eq!(blocks.front(), plain.front());
                assert_eq!(blocks.pop_front(), plain.pop_front());
            }
            assert_eq!(blocks.len(), plain.len());
        }
        while let Some(item) = plain.pop_front() {
            assert_eq!(blocks.pop_front(), Some(item));
        }
        assert_eq!(blocks.front(), None);
        assert_eq!(blocks.pop_front(), None);
    }
}
