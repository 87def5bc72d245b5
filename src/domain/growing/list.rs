//! A list in blocks.

use std::sync::Arc;

use super::sizes::BLOCK;

/// Items by number, from 0. Pushing moves none of them; a clone shares the blocks until either is changed.
#[derive(Clone, Debug)]
pub(crate) struct Blocks<T> {
    /// All full but the last.
    blocks: Vec<Arc<Vec<T>>>,
}

impl<T> Default for Blocks<T> {
    fn default() -> Self {
        Self { blocks: Vec::new() }
    }
}

impl<T> Blocks<T> {
    pub(crate) fn len(&self) -> usize {
        self.blocks.last().map_or(0, |last| (self.blocks.len() - 1) * BLOCK + last.len())
    }

    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        self.blocks.get(at / BLOCK)?.get(at % BLOCK)
    }

    /// All by number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.blocks.iter().flat_map(|block| block.iter())
    }
}

impl<T: Clone> Blocks<T> {
    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        Arc::make_mut(self.blocks.get_mut(at / BLOCK)?).get_mut(at % BLOCK)
    }

    pub(crate) fn push(&mut self, item: T) {
        match self.blocks.last_mut() {
            Some(last) if last.len() < BLOCK => Arc::make_mut(last).push(item),
            // A workspace of few customers has one block, of as many as it needs.
            None => self.blocks.push(Arc::new(vec![item])),
            Some(_) => {
                let mut next = Vec::with_capacity(BLOCK);
                next.push(item);
                self.blocks.push(Arc::new(next));
            }
        }
    }

    fn pop(&mut self) -> Option<T> {
        let last = self.blocks.last_mut()?;
        let item = Arc::make_mut(last).pop();
        if last.is_empty() {
            self.blocks.pop();
        }
        item
    }

    /// Takes an item out; the last one has its number then.
    pub(crate) fn swap_remove(&mut self, at: usize) -> Option<T> {
        let last = self.len().checked_sub(1).filter(|last| at <= *last)?;
        let moved = self.pop()?;
        if at == last {
            return Some(moved);
        }
        self.get_mut(at).map(|item| std::mem::replace(item, moved))
    }
}

impl<T> std::ops::Index<usize> for Blocks<T> {
    type Output = T;

    fn index(&self, at: usize) -> &T {
        &self.blocks[at / BLOCK][at % BLOCK]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_does_what_a_vector_does() {
        let (mut blocks, mut plain) = (Blocks::default(), Vec::new());
        for item in 0..3 * BLOCK + 5 {
            blocks.push(item);
            plain.push(item);
        }
        for at in [0, BLOCK - 1, BLOCK, 2 * BLOCK + 7, 17] {
            assert_eq!(blocks.swap_remove(at), Some(plain.swap_remove(at)));
        }
        assert_eq!(blocks.swap_remove(plain.len()), None);
        assert!(blocks.iter().eq(&plain) && blocks.len() == plain.len());
        assert_eq!((blocks.get(BLOCK), blocks.get(plain.len())), (plain.get(BLOCK), None));
        while let Some(last) = plain.len().checked_sub(1) {
            assert_eq!(blocks.swap_remove(last), Some(plain.swap_remove(last)));
            assert_eq!(blocks.len(), plain.len());
        }
        assert_eq!(blocks.swap_remove(0), None);
    }

    #[test]
    fn what_is_there_stays_where_it_is() {
        let mut blocks = Blocks::default();
        (0..=BLOCK).for_each(|item| blocks.push(item));
        let places: [*const usize; 2] = [&raw const blocks[0], &raw const blocks[BLOCK]];
        (0..100 * BLOCK).for_each(|item| blocks.push(item));
        assert_eq!(places, [&raw const blocks[0], &raw const blocks[BLOCK]]);
    }
}
