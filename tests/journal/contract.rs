//! What every journal promises, one file a promise. Nothing here knows which journal it has.

/// What arrives is durable or known.
mod accepting;
/// How far a consumer knows of messages.
mod advances;
/// What waits, is out, is parked and is dead.
mod depths;
/// Several consumers do not concern each other.
mod fan_out;
/// Consumers that are no longer configured.
mod gone;
/// One of a lane at a time, in the order of acceptance.
mod lanes;
/// Dead letters, and what the operator does with them.
mod letters;
/// What is noted beside the records.
mod notes;
/// What is left when the process ends.
mod recovery;
/// What was delivered is delivered once more.
mod redelivery;
/// What was delivered is kept for a while.
mod retention;
/// What was refused is tried again at its time.
mod retrying;
/// Who hears of new work, and when.
mod waking;
