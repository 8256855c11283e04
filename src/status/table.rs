//! The status as text for a terminal: the same words as the page, one line a number and a consumer.

use super::{Consumer, Number, Side, Status, Switch};
use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

/// A column of names is as wide, or wider.
const LEAST_WIDE: usize = 10;

/// The status in lines.
#[must_use]
pub fn table(status: &Status) -> String {
    let mut text = String::new();
    // Writing into a string does not fail.
    if write_all(&mut text, status).is_err() {
        text.push('…');
    }
    text
}

fn write_all(out: &mut String, status: &Status) -> std::fmt::Result {
    let now_ms = status.now_ms;
    let readiness = &status.readiness;
    write!(out, "cutover {}  {}", status.version, readiness.status)?;
    if let Some(reason) = &readiness.reason {
        write!(out, ": {reason}")?;
    }
    write!(out, "  journal {}", readiness.journal)?;
    if let Some(started_ms) = status.started_ms {
        write!(out, "  running for {}", span_ms(now_ms.saturating_sub(started_ms)))?;
    }
    writeln!(out, "  {}\n", time(now_ms))?;
    let wide = widest(status.numbers.iter().map(|number| number.name.as_str()));
    writeln!(out, "{:<wide$} {:<8} {:<21} {:<26} {:<26} NOW", "NUMBER", "SPEAKS", "SINCE", "ONPREM", "CLOUD")?;
    for number in &status.numbers {
        self::number(out, number, wide, now_ms)?;
    }
    let wide = widest(status.consumers.iter().map(|consumer| consumer.name.as_str()));
    writeln!(
        out,
        "\n{:<wide$} {:<11} {:<8} {:>7} {:>9} {:>7} {:>6} {:>8} {:>8}  LAST ERROR",
        "CONSUMER", "FORMAT", "HEALTH", "READY", "IN FLIGHT", "PARKED", "DEAD", "OLDEST", "TAKEN %"
    )?;
    for consumer in &status.consumers {
        self::consumer(out, consumer, wide, now_ms)?;
    }
    rest(out, status)
}

/// How wide a column of names is.
fn widest<'n>(names: impl Iterator<Item = &'n str>) -> usize {
    names.map(|name| name.chars().count()).chain([LEAST_WIDE]).max().unwrap_or(LEAST_WIDE)
}

fn number(out: &mut String, number: &Number, wide: usize, now_ms: u64) -> std::fmt::Result {
    let speaks = match number.platform.as_deref() {
        _ if number.mixed => "several",
        None => "nothing",
        Some(platform) => platform,
    };
    let since = number.since_ms.map_or_else(|| "-".to_owned(), time);
    let sides = [side(&number.onprem, now_ms), side(&number.cloud, now_ms)];
    let [onprem, cloud] = &sides;
    write!(out, "{:<wide$} {speaks:<8} {since:<21} {onprem:<26} {cloud:<26} ", number.name)?;
    match (number.silent, number.quiet_seconds, number.usual_pause_seconds) {
        (true, Some(quiet), Some(usual)) => {
            writeln!(out, "SILENT for {}, usually not longer than {}", span(quiet), span(usual))?;
        }
        _ => writeln!(out, "-")?,
    }
    number.switches.iter().take(3).try_for_each(|switch| self::switch(out, switch))?;
    if let Some(parity) = &number.parity {
        write!(out, "  consumers: {} both, {} refused by one, {} behind", parity.both, parity.refused, parity.behind)?;
        for behind in parity.consumers.iter().filter(|behind| behind.records > 0) {
            write!(
                out,
                "; {} still has {} records to take, the oldest for {}",
                behind.consumer,
                behind.records,
                span(behind.seconds)
            )?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn side(side: &Side, now_ms: u64) -> String {
    match side.last_ms {
        None => "-".to_owned(),
        Some(last_ms) => format!("{}, last {} ago", side.events, span_ms(now_ms.saturating_sub(last_ms))),
    }
}

fn switch(out: &mut String, switch: &Switch) -> std::fmt::Result {
    let Switch { from, to, at_ms, gap_seconds, out_of_order, twice, .. } = switch;
    let (at, gap) = (time(*at_ms), span(*gap_seconds));
    writeln!(out, "  {from} -> {to} at {at}, after {gap} of silence; {out_of_order} out of order, {twice} twice")
}

fn consumer(out: &mut String, consumer: &Consumer, wide: usize, now_ms: u64) -> std::fmt::Result {
    let Consumer { name, format, health, ready, in_flight, parked, dead, oldest_seconds, .. } = consumer;
    let oldest = if *oldest_seconds > 0.0 { span(*oldest_seconds) } else { "-".to_owned() };
    let rate = consumer.success_rate.map_or_else(|| "-".to_owned(), |rate| format!("{:.1} %", rate * 100.0));
    let error = consumer.last_error.as_ref().map_or_else(
        || "-".to_owned(),
        |error| {
            let status = error.status.map(|status| format!(" {status}")).unwrap_or_default();
            format!("{}{status}, {} ago", error.verdict, span_ms(now_ms.saturating_sub(error.at_ms)))
        },
    );
    writeln!(
        out,
        "{name:<wide$} {format:<11} {health:<8} {ready:>7} {in_flight:>9} {parked:>7} {dead:>6} {oldest:>8} {rate:>8}  {error}"
    )
}

fn rest(out: &mut String, status: &Status) -> std::fmt::Result {
    let lost = status.losses.iter().filter(|loss| !loss.expected);
    let mut is_lost = false;
    for loss in lost {
        if !is_lost {
            writeln!(out, "\nLOST IN TRANSLATION")?;
            is_lost = true;
        }
        let path = loss.example_path.as_deref().unwrap_or("-");
        writeln!(
            out,
            "  {} x {} for {} ({} -> {}), such as {path}",
            loss.count, loss.code, loss.consumer, loss.from, loss.to
        )?;
    }
    match status.started_ms {
        Some(started_ms) if !is_lost => writeln!(out, "\nNothing lost in translation since {}", time(started_ms))?,
        None => writeln!(out, "\nWhat was lost in translation is not known while no server runs")?,
        Some(_) => {}
    }
    for (index, unknown) in status.unknown.iter().enumerate() {
        if index == 0 {
            writeln!(out, "\nNEVER SEEN BEFORE, and carried along")?;
        }
        let word = unknown.word.as_deref().unwrap_or("(not shown: it could be personal)");
        writeln!(out, "  {} x {} {word} from {} at {}", unknown.count, unknown.what, unknown.source, unknown.path)?;
    }
    let refused = status.webhooks.iter().filter(|some| !matches!(some.outcome.as_str(), "accepted" | "duplicate"));
    for (index, webhooks) in refused.enumerate() {
        if index == 0 {
            writeln!(out, "\nREFUSED AT THE DOOR")?;
        }
        writeln!(out, "  {} x {} ({})", webhooks.count, webhooks.outcome, webhooks.source)?;
    }
    if status.dead_letters > 0 {
        writeln!(out, "\n{} dead letters: cutover dead-letters list", status.dead_letters)?;
    }
    Ok(())
}

fn span_ms(ms: u64) -> String {
    span(Duration::from_millis(ms).as_secs_f64())
}

/// A span in its two largest units; below a minute in seconds.
fn span(seconds: f64) -> String {
    if seconds < 10.0 {
        return format!("{seconds:.1}s");
    }
    let whole = seconds as u64;
    let units = [(whole / 86_400, "d"), (whole / 3_600 % 24, "h"), (whole / 60 % 60, "m"), (whole % 60, "s")];
    let first = units.iter().position(|(count, _)| *count > 0).unwrap_or(3);
    units
        .iter()
        .skip(first)
        .take(2)
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect()
}

/// Milliseconds since 1970 as RFC 3339, to the second.
pub(crate) fn time(ms: u64) -> String {
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_millis(ms)).to_string()
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn spans_are_short() {
        let spans = [0.04, 9.96, 10.0, 42.7, 60.0, 61.0, 3_600.0, 7_384.0, 90_000.0];
        let said = ["0.0s", "10.0s", "10s", "42s", "1m", "1m1s", "1h", "2h3m", "1d1h"];
        assert_eq!(spans.map(span), said);
    }
}
