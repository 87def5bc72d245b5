//! Books over a store in memory: two owners, unanswered writes, crashes between two steps.

use super::*;
use crate::domain::id::Index;
use crate::keys::{MemoryKeys, Nonce, WorkspaceKey};

struct Bench {
    store: MemoryKeys,
    key: WorkspaceKey,
}

impl Bench {
    fn new() -> Self {
        Self { store: MemoryKeys::default(), key: WorkspaceKey::random() }
    }

    async fn open(&self) -> KeyBook {
        self.try_open(self.key.clone()).await.expect("the keys open")
    }

    async fn try_open(&self, key: WorkspaceKey) -> Result<KeyBook, KeysError> {
        KeyBook::open(Name::new("acme"), key, Arc::new(self.store.clone()), Arc::default()).await
    }
}

fn seal(book: &KeyBook, leaf: u32) -> (Nonce, Vec<u8>) {
    let mut bytes = b"words".to_vec();
    let nonce = book.ring().seal(LeafId(leaf), Index(1), &mut bytes, 0).expect("a key");
    (nonce, bytes)
}

/// Whether the content opens; false: its key is gone.
fn opens(book: &KeyBook, leaf: u32, sealed: &(Nonce, Vec<u8>)) -> bool {
    let mut bytes = sealed.1.clone();
    book.ring().open(LeafId(leaf), Index(1), sealed.0, &mut bytes).expect("content of this leaf").is_some()
}

#[tokio::test]
async fn blocks_are_made_before_they_are_needed_and_found_again() {
    let bench = Bench::new();
    let book = bench.open().await;
    assert_eq!(book.ring().capacity(), 0);
    assert!(!book.ring().has_room(), "nothing is opened before there is a key");
    book.provide(0).await.expect("the store answers");
    assert_eq!(book.ring().capacity(), LEAVES);
    book.provide(LEAVES * 3 / 4 - 1).await.expect("the store answers");
    assert_eq!(book.ring().capacity(), LEAVES, "a quarter of the block is left");
    book.provide(LEAVES * 3 / 4).await.expect("the store answers");
    assert_eq!(book.ring().capacity(), 2 * LEAVES);
    let sealed = seal(&book, LEAVES + 1);
    let again = bench.open().await;
    assert_eq!(again.ring().capacity(), 2 * LEAVES);
    assert!(opens(&again, LEAVES + 1, &sealed));
}

#[tokio::test]
async fn two_owners_who_make_the_same_block_have_the_same_keys() {
    let bench = Bench::new();
    let (old, new) = (bench.open().await, bench.open().await);
    old.provide(0).await.expect("the store answers");
    let sealed = seal(&old, 7);
    new.provide(0).await.expect("the store answers");
    assert_eq!(bench.store.stored().len(), 1);
    assert!(opens(&new, 7, &sealed));
}

#[tokio::test]
async fn a_write_without_an_answer_is_looked_up() {
    let bench = Bench::new();
    let book = bench.open().await;
    bench.store.leave_unanswered(1);
    book.provide(0).await.expect("the store answers");
    assert_eq!((book.ring().capacity(), bench.store.stored().len()), (LEAVES, 1));
    let sealed = seal(&book, 7);
    bench.store.leave_unanswered(1);
    book.destroy(&[LeafId(7)]).await.expect("the store answers");
    assert!(!opens(&book, 7, &sealed));
    assert_eq!(bench.store.stored().iter().map(|stored| stored.sequence).collect::<Vec<_>>(), [2]);
}

#[tokio::test]
async fn a_store_that_is_away_gives_no_keys_and_loses_none() {
    let bench = Bench::new();
    let book = bench.open().await;
    bench.store.be_away(true);
    assert!(book.provide(0).await.unwrap_err().may_pass());
    assert_eq!(book.ring().capacity(), 0);
    bench.store.be_away(false);
    book.provide(0).await.expect("the store answers");
    assert_eq!(book.ring().capacity(), LEAVES);
}

#[tokio::test]
async fn a_destroyed_key_is_gone_from_store_and_memory_and_its_neighbours_stay() {
    let bench = Bench::new();
    let book = bench.open().await;
    book.provide(LEAVES).await.expect("the store answers");
    let (gone, also, kept) = (seal(&book, 7), seal(&book, LEAVES + 3), seal(&book, 8));
    let before = bench.store.stored();
    book.destroy(&[LeafId(7), LeafId(LEAVES + 3)]).await.expect("the store answers");
    let after = bench.store.stored();
    assert!(before.iter().all(|old| !after.contains(old)), "a message with the old keys is left");
    assert_eq!(after.len(), before.len());
    for book in [book, bench.open().await] {
        assert!(!opens(&book, 7, &gone) && !opens(&book, LEAVES + 3, &also) && opens(&book, 8, &kept));
    }
}

#[tokio::test]
async fn destroying_twice_writes_once() {
    let bench = Bench::new();
    let book = bench.open().await;
    book.provide(0).await.expect("the store answers");
    book.destroy(&[LeafId(7)]).await.expect("the store answers");
    let after = bench.store.stored();
    book.destroy(&[LeafId(7)]).await.expect("the store answers");
    bench.open().await.destroy(&[LeafId(7)]).await.expect("the store answers");
    assert_eq!(bench.store.stored(), after);
}

#[tokio::test]
async fn a_crash_before_the_old_message_was_overwritten_is_made_good() {
    let bench = Bench::new();
    let book = bench.open().await;
    book.provide(0).await.expect("the store answers");
    let old = bench.store.stored().remove(0);
    let sealed = seal(&book, 7);
    book.destroy(&[LeafId(7)]).await.expect("the store answers");
    // As if the process had died between the two: the old message is there beside the new one.
    let store = MemoryKeys::default();
    let rewritten = bench.store.stored().remove(0);
    store.put(0, old.bytes.to_vec(), 0).await.expect("the store answers");
    store.put(0, rewritten.bytes.to_vec(), 1).await.expect("the store answers");
    let bench = Bench { store, key: bench.key };
    let next = bench.open().await;
    assert!(!opens(&next, 7, &sealed), "the newest message counts");
    next.tidy().await.expect("the store answers");
    assert_eq!(bench.store.stored().iter().map(|stored| stored.sequence).collect::<Vec<_>>(), [2]);
}

#[tokio::test]
async fn a_deposed_owner_brings_no_destroyed_key_back() {
    let bench = Bench::new();
    let owner = bench.open().await;
    owner.provide(0).await.expect("the store answers");
    let deposed = bench.open().await;
    let (one, other) = (seal(&owner, 7), seal(&owner, 8));
    owner.destroy(&[LeafId(7)]).await.expect("the store answers");
    deposed.destroy(&[LeafId(8)]).await.expect("the store answers");
    deposed.provide(LEAVES).await.expect("the store answers");
    for book in [deposed, bench.open().await] {
        assert!(!opens(&book, 7, &one) && !opens(&book, 8, &other));
        assert_eq!(book.ring().capacity(), 2 * LEAVES);
    }
}

#[tokio::test]
async fn another_workspace_key_is_said_and_nothing_is_written() {
    let bench = Bench::new();
    bench.open().await.provide(0).await.expect("the store answers");
    let error = bench.try_open(WorkspaceKey::random()).await.unwrap_err();
    assert_eq!(error, KeysError::WrongKey { workspace: Name::new("acme"), block: 0 });
    assert_eq!(bench.store.stored().len(), 1);
}

#[tokio::test]
async fn a_missing_block_is_said() {
    let bench = Bench::new();
    bench.open().await.provide(LEAVES).await.expect("the store answers");
    bench.store.erase(1).await.expect("the store answers");
    let error = bench.try_open(bench.key.clone()).await.unwrap_err();
    assert_eq!(error, KeysError::Missing { workspace: Name::new("acme"), block: 0 });
}

#[tokio::test]
async fn a_new_workspace_key_wraps_every_block_anew_and_the_old_bytes_go() {
    let bench = Bench::new();
    let book = bench.open().await;
    book.provide(LEAVES).await.expect("the store answers");
    book.provide_own().await.expect("the store answers");
    book.destroy(&[LeafId(7)]).await.expect("the store answers");
    let (sealed, gone) = (seal(&book, 8), LeafId(7));
    let secret = book.ring().seal_own(Index(3), b"secret");
    let before = bench.store.stored();
    assert_eq!((before.len(), book.rewrap().await.expect("the store answers")), (3, 0));

    let new = WorkspaceKey::random();
    let both = bench.try_open(new.replacing(&bench.key)).await.expect("the keys open");
    assert_eq!(both.rewrap().await.expect("the store answers"), 3);
    let after = bench.store.stored();
    assert!(after.len() == 3 && before.iter().all(|old| !after.contains(old)), "a message under the old key is left");
    assert!(bench.try_open(bench.key.clone()).await.is_err(), "the old key opens nothing any more");
    let alone = bench.try_open(new).await.expect("the new key is enough");
    for book in [both, alone] {
        assert!(opens(&book, 8, &sealed) && book.ring().is_destroyed(gone));
        assert_eq!(book.ring().open_own(Index(3), &secret).expect("it opens"), b"secret");
        assert_eq!(book.rewrap().await.expect("the store answers"), 0, "done once");
    }
}

#[tokio::test]
async fn a_rotation_that_was_broken_off_is_gone_on_with() {
    for unanswered in [false, true] {
        let bench = Bench::new();
        let book = bench.open().await;
        book.provide(LEAVES).await.expect("the store answers");
        let sealed = seal(&book, LEAVES + 1);
        let key = WorkspaceKey::random().replacing(&bench.key);
        let first = bench.try_open(key.clone()).await.expect("the keys open");
        // It dies, or is not answered, after the first block is wrapped anew and before the old one is overwritten.
        bench.store.keep_all(true);
        if unanswered {
            bench.store.leave_unanswered(1);
        }
        assert!(first.rewrap().await.is_err());
        assert_eq!(bench.store.stored().len(), 3);
        drop(first);
        bench.store.keep_all(false);
        let next = bench.try_open(key).await.expect("blocks under both keys are read");
        assert!(opens(&next, LEAVES + 1, &sealed));
        assert_eq!(next.rewrap().await.expect("the store answers"), 1);
        next.tidy().await.expect("the store answers");
        assert_eq!(bench.store.stored().len(), 2);
        assert!(bench.try_open(bench.key.clone()).await.is_err());
    }
}

#[tokio::test]
async fn two_owners_who_make_the_own_key_have_the_same() {
    let bench = Bench::new();
    let (one, other) = (bench.open().await, bench.open().await);
    one.provide_own().await.expect("the store answers");
    other.provide_own().await.expect("the store answers");
    assert_eq!(bench.store.stored().len(), 1);
    let sealed = one.ring().seal_own(Index(1), b"secret");
    assert_eq!(other.ring().open_own(Index(1), &sealed).expect("it opens"), b"secret");
}
