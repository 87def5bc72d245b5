//! Behaviour every implementation has.

use skein::log::{Condition, EventLog, TakeOverError, Tip, Witness};

use crate::bed::{Bed, InMemory, OnServer, append, assert_holds, body, durable, end, read_all, subject, take, until};

async fn what_was_appended_is_replayed(bed: impl Bed) {
    let log = bed.log().await;
    let mut writer = take(&log).await;
    append(&mut writer, 1, 1_000).await;
    durable(&writer, 1_000).await;
    assert_holds(&bed.log().await, 1_000).await;
    assert_eq!(end(&log).await, writer.tip());
}

async fn a_replay_goes_on_where_another_ended(bed: impl Bed) {
    let log = bed.log().await;
    let mut writer = take(&log).await;
    append(&mut writer, 1, 10).await;
    durable(&writer, 10).await;
    let middle = end(&log).await;
    append(&mut writer, 11, 20).await;
    durable(&writer, 20).await;
    let mut replay = log.replay(middle).await.expect("replay");
    let first = replay.next().await.expect("readable").expect("an entry");
    assert_eq!(first.index, 11);
    while replay.next().await.expect("readable").is_some() {}
    assert_eq!(replay.tip(), end(&log).await);
}

async fn of_two_that_try_at_once_one_becomes_the_writer(bed: impl Bed) {
    let (one, two) = (bed.log().await, bed.log().await);
    let tip = end(&one).await;
    let (first, second) = tokio::join!(one.take_over(tip, &[]), two.take_over(tip, &[]));
    let won = [first.is_ok(), second.is_ok()];
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
    for lost in [first.err(), second.err()].into_iter().flatten() {
        assert!(matches!(lost, TakeOverError::Moved { .. }), "{lost:?}");
    }
}

async fn a_deposed_writer_learns_it_and_leaves_no_record(bed: impl Bed) {
    let (old_log, new_log) = (bed.log().await, bed.log().await);
    let mut old = take(&old_log).await;
    append(&mut old, 1, 5).await;
    durable(&old, 5).await;
    let mut new = take(&new_log).await;
    let epoch = new.tip().epoch;
    // Its prediction no longer fits.
    let _ = old.append(subject(), b"from the deposed one");
    let progress = until(&old, |progress| progress.condition.is_final()).await;
    assert_eq!(progress.condition, Condition::Deposed { epoch });
    assert_eq!(progress.durable.index, 5);
    append(&mut new, 6, 10).await;
    durable(&new, 10).await;
    assert_holds(&new_log, 10).await;
    assert!(old.append(subject(), b"once more").is_err());
}

async fn a_writer_that_asks_is_told_whether_it_still_owns_the_log(bed: impl Bed) {
    let (old_log, new_log) = (bed.log().await, bed.log().await);
    let mut old = take(&old_log).await;
    append(&mut old, 1, 5).await;
    durable(&old, 5).await;
    let question = old.prove();
    let progress = until(&old, |progress| progress.proven == question).await;
    assert_eq!(progress.condition, Condition::Flowing);
    append(&mut old, 6, 7).await;
    durable(&old, 7).await;
    let new = take(&new_log).await;
    let epoch = new.tip().epoch;
    // Nothing is under way: without the question it would learn nothing.
    let question = old.prove();
    let progress = until(&old, |progress| progress.condition.is_final()).await;
    assert_eq!(progress.condition, Condition::Deposed { epoch });
    assert!(progress.proven < question);
    assert_holds(&new_log, 7).await;
    assert_eq!(end(&new_log).await, new.tip(), "the new owner is not disturbed");
}

async fn a_stale_take_over_has_to_read_on(bed: impl Bed) {
    let (one, two) = (bed.log().await, bed.log().await);
    let stale = end(&two).await;
    let mut writer = take(&one).await;
    append(&mut writer, 1, 3).await;
    durable(&writer, 3).await;
    let refused = two.take_over(stale, &[]).await;
    assert!(matches!(refused, Err(TakeOverError::Moved { .. })));
}

async fn a_witness_beyond_the_end_refuses_the_take_over(bed: impl Bed) {
    let log = bed.log().await;
    let mut writer = take(&log).await;
    append(&mut writer, 1, 3).await;
    durable(&writer, 3).await;
    let tip = end(&log).await;
    let witness = |index, chain| Witness { source: "test", index, chain };
    let knows_more = [witness(2, None), witness(4, None)];
    assert!(matches!(
        log.take_over(tip, &knows_more).await,
        Err(TakeOverError::Truncated { witness: "test", index: 4, end: 3 })
    ));
    let saw_another_log = [witness(3, Some(tip.chain ^ 1))];
    assert!(matches!(log.take_over(tip, &saw_another_log).await, Err(TakeOverError::Forked { .. })));
    let agrees = [witness(3, Some(tip.chain))];
    assert!(log.take_over(tip, &agrees).await.is_ok());
}

async fn behind_what_was_given_up_the_log_goes_on_with_numbers_that_nobody_had(bed: impl Bed) {
    let log = bed.log().await;
    let mut writer = take(&log).await;
    append(&mut writer, 1, 3).await;
    durable(&writer, 3).await;
    let stale = Tip { sequence: 1, ..end(&log).await };
    assert!(matches!(log.give_up(stale, 9).await, Err(TakeOverError::Moved { .. })));
    let known = Witness { source: "test", index: 8, chain: Some(7) };
    let tip = end(&log).await;
    assert!(matches!(log.take_over(tip, std::slice::from_ref(&known)).await, Err(TakeOverError::Truncated { .. })));
    assert_eq!(log.given_up().await.expect("it answers"), None);
    log.give_up(tip, 9).await.expect("given up");
    let given_up = log.given_up().await.expect("it answers").expect("something");
    assert_eq!((given_up.last, given_up.to), (3, 9));
    assert!(!given_up.has(3) && given_up.has(4) && given_up.has(9) && !given_up.has(10));

    // Whoever owned it is deposed, and the next owner goes on behind.
    writer.prove();
    let progress = until(&writer, |progress| progress.condition.is_final()).await;
    assert!(matches!(progress.condition, Condition::Deposed { .. }));
    let again = bed.log().await;
    let mut writer = take(&again).await;
    assert!(again.take_over(end(&again).await, &[known]).await.is_ok(), "who knew more is content");
    drop(writer);
    writer = take(&again).await;
    append(&mut writer, 10, 12).await;
    durable(&writer, 12).await;
    let entries = read_all(&again).await.expect("a whole log").0;
    assert_eq!(entries.iter().map(|entry| entry.index).collect::<Vec<_>>(), [1, 2, 3, 10, 11, 12]);
    let read = again.read(&[3, 4, 9, 10, 12]).await.expect("readable");
    let found: Vec<_> = read.iter().map(|entry| entry.as_ref().map(|entry| entry.index)).collect();
    assert_eq!(found, [Some(3), None, None, Some(10), Some(12)]);
}

async fn single_records_are_read_across_epochs(bed: impl Bed) {
    let log = bed.log().await;
    let mut next = 1;
    for _ in 0..4 {
        let mut writer = take(&log).await;
        append(&mut writer, next, next + 9).await;
        durable(&writer, next + 9).await;
        next += 10;
    }
    let asked: Vec<u64> = vec![40, 1, 10, 11, 20, 21, 30, 31, 35, 41, 1_000];
    let found = log.read(&asked).await.expect("read");
    for (index, entry) in asked.iter().zip(found) {
        match entry {
            Some(entry) => {
                assert_eq!(entry.index, *index);
                assert_eq!(entry.body.as_ref(), body(*index));
            }
            None => assert!(*index > 40, "entry {index} is there"),
        }
    }
}

async fn closing_waits_until_everything_is_durable(bed: impl Bed) {
    let log = bed.log().await;
    let mut writer = take(&log).await;
    append(&mut writer, 1, 500).await;
    let last = writer.close().await;
    assert_eq!(last.durable.index, 500);
    assert_holds(&log, 500).await;
}

async fn a_record_that_is_too_large_is_refused_and_uses_no_index(bed: impl Bed) {
    let log = bed.log().await;
    let mut writer = take(&log).await;
    assert!(writer.append(subject(), &vec![0; 2 << 20]).is_err());
    append(&mut writer, 1, 2).await;
    durable(&writer, 2).await;
}

async fn an_empty_log_ends_at_its_origin(bed: impl Bed) {
    let log = bed.log().await;
    let (entries, tip, voids) = read_all(&log).await.expect("readable");
    assert_eq!((entries.len(), tip, voids), (0, Tip::ORIGIN, 0));
}

/// Every behaviour above, on both.
macro_rules! on_both {
    ($($behaviour:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $behaviour() {
                super::$behaviour(super::InMemory::new()).await;
            })*
        }
        mod on_a_server {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $behaviour() {
                super::$behaviour(super::OnServer::new()).await;
            })*
        }
    };
}

on_both!(
    what_was_appended_is_replayed,
    a_replay_goes_on_where_another_ended,
    of_two_that_try_at_once_one_becomes_the_writer,
    a_deposed_writer_learns_it_and_leaves_no_record,
    a_writer_that_asks_is_told_whether_it_still_owns_the_log,
    a_stale_take_over_has_to_read_on,
    a_witness_beyond_the_end_refuses_the_take_over,
    behind_what_was_given_up_the_log_goes_on_with_numbers_that_nobody_had,
    single_records_are_read_across_epochs,
    closing_waits_until_everything_is_durable,
    a_record_that_is_too_large_is_refused_and_uses_no_index,
    an_empty_log_ends_at_its_origin,
);
