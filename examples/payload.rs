//! Prints one of the payloads that are measured: `payload NAME`.

#[path = "../bench/payloads.rs"]
mod payloads;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let payload = payloads::cloud(&name).ok_or_else(|| format!("one of {}", payloads::NAMES.join(", ")))?;
    std::io::Write::write_all(&mut std::io::stdout(), payload.as_bytes())?;
    Ok(())
}
