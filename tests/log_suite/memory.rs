//! Faults on demand, step by step: what a server shows only by luck.

use skein::log::{Condition, Fault, LogError, MemoryLog, TakeOverError};

use crate::bed::{Bed, InMemory, append, assert_holds, body, durable, end, read_all, subject, take};

async fn bed() -> MemoryLog {
    InMemory::new().log().await
}

#[tokio::test]
async fn a_lost_answer_is_looked_up_and_nothing_is_doubled() {
    let log = bed().await;
    let mut writer = take(&log).await;
    append(&mut writer, 1, 3).await;
    log.inject(Fault::LoseAnswer);
    append(&mut writer, 4, 6).await;
    durable(&writer, 6).await;
    assert_holds(&log, 6).await;
}

#[tokio::test]
async fn a_lost_append_is_appended_again() {
    let log = bed().await;
    let mut writer = take(&log).await;
    for fault in [Fault::LoseAppend, Fault::Refuse] {
        log.inject(fault);
        let next = writer.next_index();
        append(&mut writer, next, next + 2).await;
        durable(&writer, next + 2).await;
    }
    assert_holds(&log, 6).await;
}

/// Of ten in flight, `landed` land before the answers stop.
async fn reconcile_after(landed: usize) -> MemoryLog {
    let log = bed().await;
    let mut writer = take(&log).await;
    log.stepwise();
    append(&mut writer, 1, 10).await;
    for _ in 0..landed {
        log.inject(Fault::LoseAnswer);
    }
    for _ in landed..10 {
        log.inject(Fault::LoseAppend);
    }
    assert_eq!(log.deliver(10), 10);
    assert_eq!(writer.tip().index, 0);
    log.expire();
    assert_eq!(writer.tip().index, landed as u64, "what landed is durable");
    log.deliver(10);
    assert_eq!(writer.tip().index, 10);
    assert_eq!(writer.progress().borrow().reconciled, 1);
    log
}

#[tokio::test]
async fn reconciling_acknowledges_what_landed_and_appends_the_rest_again() {
    for landed in [0, 1, 5, 9, 10] {
        assert_holds(&reconcile_after(landed).await, 10).await;
    }
}

#[tokio::test]
async fn appends_that_arrive_after_the_take_over_are_void() {
    let log = bed().await;
    let mut old = take(&log).await;
    log.stepwise();
    // The first fails its fence; the second is held back until the place it predicted is the next one.
    append(&mut old, 1, 2).await;
    log.inject(Fault::LoseAppend);
    log.inject(Fault::Delay);
    log.deliver(2);
    let mut new = take(&log).await;
    assert_eq!(log.land_late(), 1, "its prediction fits: behind the epoch");
    append(&mut new, 1, 1).await;
    while log.deliver(8) > 0 {}
    append(&mut new, 2, 3).await;
    while log.deliver(8) > 0 {}
    let (_, _, voids) = read_all(&log).await.expect("a readable log");
    assert_eq!(voids, 1);
    durable(&new, 3).await;
    assert_holds(&log, 3).await;
}

#[tokio::test]
async fn a_void_record_between_appends_in_flight_loses_and_doubles_nothing() {
    let log = bed().await;
    let mut old = take(&log).await;
    log.stepwise();
    append(&mut old, 1, 2).await;
    log.inject(Fault::LoseAppend);
    log.inject(Fault::Delay);
    log.deliver(2);
    let mut new = take(&log).await;
    append(&mut new, 1, 4).await;
    // The late one takes the place promised to entry 1; entry 2 and those behind it fit their predictions.
    assert_eq!(log.land_late(), 1);
    while log.deliver(8) > 0 {}
    durable(&new, 4).await;
    assert_holds(&log, 4).await;
    let (_, _, voids) = read_all(&log).await.expect("a readable log");
    assert_eq!(voids, 4, "the late one and the three that landed behind it");
}

#[tokio::test]
async fn without_the_void_rule_the_checker_finds_a_stale_record() {
    let log = bed().await;
    let mut old = take(&log).await;
    log.stepwise();
    old.append(subject(), b"never arrives").expect("taken");
    old.append(subject(), b"stale").expect("taken");
    log.inject(Fault::LoseAppend);
    log.inject(Fault::Delay);
    log.deliver(2);
    let _new = take(&log).await;
    log.land_late();
    assert!(read_all(&log).await.is_ok(), "voided");
    log.without_voiding();
    assert!(matches!(read_all(&log).await, Err(LogError::IndexGap { .. })));
}

#[tokio::test]
async fn while_the_store_is_away_the_writer_says_so_and_goes_on_later() {
    let log = bed().await;
    let mut writer = take(&log).await;
    append(&mut writer, 1, 2).await;
    log.set_away(true);
    append(&mut writer, 3, 5).await;
    log.expire();
    let progress = writer.progress().borrow().clone();
    assert_eq!((progress.condition, progress.durable.index), (Condition::Stalled, 2));
    append(&mut writer, 6, 8).await;
    log.set_away(false);
    durable(&writer, 8).await;
    assert_eq!(writer.progress().borrow().condition, Condition::Flowing);
    assert_holds(&log, 8).await;
}

#[tokio::test]
async fn a_crashed_writer_leaves_a_prefix() {
    let log = bed().await;
    let mut writer = take(&log).await;
    log.stepwise();
    append(&mut writer, 1, 10).await;
    log.deliver(4);
    drop(writer);
    log.deliver(3);
    let mut next = take(&log).await;
    assert_eq!(next.head(), 7);
    log.deliver(10);
    append(&mut next, 8, 9).await;
    while log.deliver(8) > 0 {}
    durable(&next, 9).await;
    assert_holds(&log, 9).await;
}

#[tokio::test]
async fn a_full_pipeline_says_so() {
    let log = bed().await;
    let mut writer = take(&log).await;
    log.stepwise();
    while writer.has_room() {
        writer.append(subject(), &body(1)).expect("room");
    }
    assert!(writer.append(subject(), &body(1)).is_err());
    log.deliver(1);
    assert!(writer.has_room());
}

#[tokio::test]
async fn damage_loss_and_truncation_are_refused() {
    for damage in [
        (|log| log.damage(4, |bytes| bytes[20] ^= 1)) as fn(&MemoryLog),
        |log| log.lose(4),
        |log| log.damage(3, |bytes| bytes[0] = 9),
    ] {
        let log = bed().await;
        let mut writer = take(&log).await;
        append(&mut writer, 1, 6).await;
        durable(&writer, 6).await;
        damage(&log);
        assert!(read_all(&log).await.is_err());
    }
    let log = bed().await;
    let mut writer = take(&log).await;
    append(&mut writer, 1, 6).await;
    let tip = end(&log).await;
    log.truncate(4);
    let refused = skein::log::EventLog::take_over(&log, tip, &[]).await;
    assert!(matches!(refused, Err(TakeOverError::Log(LogError::Truncated { .. }))));
    append(&mut writer, 7, 7).await;
    assert!(matches!(writer.progress().borrow().condition, Condition::Fatal(LogError::Truncated { .. })));
}
