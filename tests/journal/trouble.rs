//! The embedded journal while its file cannot be written: nothing is promised, nothing is lost, and it
//! goes on by itself.
//!
//! The trouble is made by a trigger in the file that refuses what another connection tells it to.

use crate::bench::{Bench, Kind, Terms, eventually, id, on, texts};
use crate::drafts::{of_events, record, retry_at};
use cutover::journal::{Appended, Arrival, ConsumerId, End, NewRecord, Trouble, Vitals};
use rusqlite::Connection;
use std::time::Duration;

fn on_file(case: impl AsyncFn(Bench)) {
    on(Kind::Embedded, Terms::default(), case);
}

/// Refuses a kind of statement on a table until it is dropped.
struct Refusing {
    db: Connection,
}

impl Refusing {
    /// For example every `INSERT ON record`.
    fn every(statement: &str, bench: &Bench) -> Self {
        let db = Connection::open(bench.file()).unwrap();
        db.busy_timeout(Duration::from_secs(10)).unwrap();
        let refuse = format!("CREATE TRIGGER refusing AFTER {statement} BEGIN SELECT raise(FAIL, 'refused'); END");
        db.execute_batch(&refuse).unwrap();
        Self { db }
    }

    fn end(self) {
        self.db.execute_batch("DROP TRIGGER refusing").unwrap();
    }
}

async fn try_to_append(bench: &Bench, records: Vec<NewRecord>) -> Result<Appended, Trouble> {
    bench.journal.append(Arrival { received_ms: bench.now_ms(), records, room: None }).await
}

fn refused<T>() -> Result<T, Trouble> {
    Err(Trouble::Failing("refused".to_owned()))
}

/// One record of its own, leased.
async fn one_out(bench: &Bench, crm: ConsumerId) -> cutover::journal::Lease {
    bench.accept(vec![record("a1", 1, &[crm]), record("a2", 1, &[crm])]).await;
    bench.only(crm).await
}

#[test]
fn what_cannot_be_written_is_neither_kept_nor_known() {
    on_file(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let arrive = || vec![of_events("a1", 1, &[crm], &["a"]), of_events("b1", 2, &[crm], &["b"])];
        let refusing = Refusing::every("INSERT ON owed WHEN new.lane = 2", &bench);
        assert_eq!(try_to_append(&bench, arrive()).await, refused());
        // From time to time it tries whether it is over.
        eventually("the trouble to be told", async || {
            assert_eq!(try_to_append(&bench, arrive()).await, refused());
            bench.journal.vitals() == Vitals::Ill(Trouble::Failing("refused".to_owned()))
        })
        .await;
        assert!(bench.lease(crm, 9).await.is_empty());
        assert_eq!(bench.counts("crm").await, [0, 0, 0, 0]);
        refusing.end();
        assert_eq!(try_to_append(&bench, arrive()).await, Ok(Appended::Safe { known: vec![false, false] }));
        eventually("the journal to be well", async || bench.journal.vitals() == Vitals::Well).await;
        assert_eq!(bench.drain(crm).await, ["a1", "b1"]);
    });
}

#[test]
fn places_set_aside_in_a_transaction_that_failed_are_set_aside_again() {
    on_file(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let refusing = Refusing::every("INSERT ON owed", &bench);
        assert_eq!(try_to_append(&bench, vec![record("a1", 1, &[crm])]).await, refused());
        refusing.end();
        bench.accept(vec![record("a1", 1, &[crm])]).await;
        // The next process must not begin with places that are taken.
        let bench = bench.crash().await;
        bench.accept(vec![record("a2", 1, &[crm])]).await;
        assert_eq!(bench.drain(crm).await, ["a1", "a2"]);
    });
}

#[test]
fn it_finds_out_by_itself_that_it_can_be_written_again() {
    on_file(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let refusing = Refusing::every("INSERT ON record", &bench);
        assert_eq!(try_to_append(&bench, vec![record("a1", 1, &[crm])]).await, refused());
        refusing.end();
        // Red, it gets no webhooks that could show it.
        eventually("the journal to be well", async || bench.journal.vitals() == Vitals::Well).await;
    });
}

#[test]
fn endings_are_written_when_it_can_be_written_again() {
    on_file(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let lease = one_out(&bench, crm).await;
        let refusing = Refusing::every("DELETE ON owed", &bench);
        bench.end(lease, End::Settled);
        eventually("the trouble to be told", async || bench.journal.vitals() != Vitals::Well).await;
        // Nothing of the lane may go out now: the file still says that it is owed.
        assert!(bench.journal.lease(crm, 9, false, bench.now_ms()).await.is_err());
        refusing.end();
        eventually("the journal to be well", async || bench.journal.vitals() == Vitals::Well).await;
        assert_eq!(bench.counts("crm").await, [1, 0, 0, 0]);
        let bench = bench.crash().await;
        assert_eq!(bench.drain(crm).await, ["a2"]);
    });
}

#[test]
fn what_is_parked_meanwhile_is_found_again() {
    on_file(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let lease = one_out(&bench, crm).await;
        let refusing = Refusing::every("INSERT ON record", &bench);
        bench.end(lease, retry_at(bench.now_ms() + 5, 1));
        // In the same transaction, which is lost.
        assert_eq!(try_to_append(&bench, vec![record("b1", 2, &[crm])]).await, refused());
        refusing.end();
        bench.flush().await;
        assert_eq!(bench.counts("crm").await, [1, 0, 1, 0]);
        bench.pass(5);
        assert_eq!(texts(&bench.lease(crm, 9).await), ["a1"]);
    });
}

#[test]
fn what_is_out_again_is_not_let_go_a_second_time() {
    on_file(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let lease = one_out(&bench, crm).await;
        let refusing = Refusing::every("INSERT ON record", &bench);
        bench.end(lease, retry_at(bench.now_ms(), 1));
        // Due at once, and out again before that is durable, which it never is.
        let again = bench.only(crm).await;
        assert_eq!(try_to_append(&bench, vec![record("b1", 2, &[crm])]).await, refused());
        refusing.end();
        assert!(bench.lease(crm, 9).await.is_empty(), "one attempt at a time");
        assert_eq!(bench.counts("crm").await, [1, 1, 0, 0]);
        bench.end(again, End::Settled);
        assert_eq!(bench.drain(crm).await, ["a2"]);
    });
}

#[test]
fn who_waits_hears_what_the_trouble_is() {
    on_file(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let lease = one_out(&bench, crm).await;
        let refusing = Refusing::every("DELETE ON owed", &bench);
        bench.end(lease, End::Settled);
        // It can do nothing before it has written the ending; that is not to say that it was closed.
        assert_eq!(bench.journal.lease(crm, 9, false, bench.now_ms()).await.err(), refused::<()>().err());
        assert_eq!(try_to_append(&bench, vec![record("b1", 2, &[crm])]).await, refused());
        refusing.end();
        bench.accept(vec![record("b1", 2, &[crm])]).await;
        assert_eq!(bench.drain(crm).await, ["a2", "b1"]);
    });
}

#[test]
fn a_letter_that_cannot_be_revived_stays() {
    on_file(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let lease = one_out(&bench, crm).await;
        bench.end(lease, crate::drafts::given_up());
        let letter = id(&bench.dead().await[0]);
        let refusing = Refusing::every("INSERT ON record", &bench);
        assert_eq!(bench.journal.revive(letter, vec![crm], bench.now_ms()).await, refused());
        assert_eq!((bench.dead().await.len(), bench.counts("crm").await), (1, [1, 0, 0, 1]));
        refusing.end();
        assert!(bench.journal.revive(letter, vec![crm], bench.now_ms()).await.unwrap());
        assert_eq!(bench.drain(crm).await, ["a2", "a1"]);
    });
}
