//! The C ABI of opsledger, and in the same shared object the functions of its Java binding. One file a section of the
//! header; no rule lives here: what a contract means is decided in `core`.
//!
//! Every export is guarded: a panic of ours becomes the error `internal` and never unwinds into the host.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]
#![allow(
    clippy::missing_safety_doc,
    reason = "the conventions at the top of the header hold for every function"
)]

pub mod account;
pub mod answers;
pub mod backup;
pub mod base;
pub mod columns;
pub mod contract;
mod guard;
mod handles;
mod jni;
pub mod ledger;
mod log;
pub mod time;
pub mod types;
