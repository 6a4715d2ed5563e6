//! The devnet against what was recorded from a real node, and against abuse.
mod recording;
mod replay;
