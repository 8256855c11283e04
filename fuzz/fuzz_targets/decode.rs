//! What holds for every body of a platform, whoever made it.

use cutover::event::Number;
use cutover::format::novelty::{MAX_REPORTED, novelties, presentable, presentable_path};
use cutover::format::{Document, Format, Unreadable};
use cutover::json::Malformed;
use cutover::translate::{MessageIds, Rules, Translation, WithoutPhone, translate_document};

/// Whatever comes, reading does not panic, nor does looking for what is new; what is read goes into each format without a panic, the
/// same each time, and what comes out is a body of that format.
pub fn decode(bytes: &[u8], format: Format) {
    let Ok(document) = Document::read(bytes, Some(format)) else { return };
    let news = novelties(&document);
    assert!(news.len() <= MAX_REPORTED, "{} novelties", news.len());
    for new in &news {
        assert!(presentable(&new.word).is_none_or(str::is_ascii), "{}", new.word);
        assert!(presentable_path(&new.path).len() <= 4 * new.path.len(), "{}", new.path);
    }
    let number = Number { phone_number_id: Some("100200300400501".to_owned()), ..Number::default() };
    let gentle = Rules { number: Some(&number), ..Rules::default() };
    let strict = Rules { message_ids: MessageIds::Convert, without_phone: WithoutPhone::DeadLetter, number: None };
    for rules in [gentle, strict] {
        for to in [Format::Cloud, Format::OnPremises, Format::Normalized] {
            let first = translate_document(document.clone(), to, rules);
            let second = translate_document(document.clone(), to, rules);
            assert_eq!(first.bodies, second.bodies, "another body the second time");
            assert_eq!(losses(&first), losses(&second), "other losses the second time");
            for body in &first.bodies {
                match Document::read(body.as_bytes(), Some(to)) {
                    // The envelope of the other format may be the level too many.
                    Ok(_) | Err(Unreadable::Malformed(Malformed::TooDeep)) => {}
                    Err(reason) => panic!("{to} body that cannot be read: {reason}\n{body}"),
                }
            }
        }
    }
}

fn losses(translation: &Translation<'_>) -> Vec<String> {
    let said = translation.losses.iter();
    said.map(|loss| format!("{} {} {}", loss.path, loss.code.label(), loss.value.to_json())).collect()
}
