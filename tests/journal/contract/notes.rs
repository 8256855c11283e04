//! Notes beside the records are there after whatever end.

use crate::bench::on_each;

fn note(name: &str, text: &str) -> (String, String) {
    (name.to_owned(), text.to_owned())
}

#[test]
fn the_last_note_of_a_name_is_kept() {
    on_each(async |bench| {
        assert_eq!(bench.journal.kept().await.unwrap(), []);
        bench.journal.keep(vec![note("b", "1"), note("a", "1")]).await.unwrap();
        bench.journal.keep(vec![note("b", "{\"two\":2}")]).await.unwrap();
        let all = [note("a", "1"), note("b", "{\"two\":2}")];
        assert_eq!(bench.journal.kept().await.unwrap(), all);
        let bench = bench.crash().await;
        assert_eq!(bench.journal.kept().await.unwrap(), all);
        let bench = bench.reopen().await;
        assert_eq!(bench.journal.kept().await.unwrap(), all);
    });
}
