//! Progress bars on a terminal; silence elsewhere.

use crate::out::Out;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar of `total` steps (unknown: a spinner), gone when dropped.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn new(out: &Out<'_, '_>, what: &str, total: Option<u64>) -> Progress {
        if !out.progress_is_shown() {
            return Progress(ProgressBar::hidden());
        }
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
        let template = match total {
            Some(_) => "{msg} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}",
            None => "{msg} {spinner} {human_pos} {per_sec}",
        };
        // A template that does not parse is a slip of ours; the bar then has its plain looks.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        Progress(bar)
    }

    /// A bar of bytes, or of files where no bytes are counted.
    pub(crate) fn of_bytes(out: &Out<'_, '_>) -> Progress {
        let bar = Progress::new(out, "", Some(0));
        let template = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.0.set_style(style);
        }
        bar
    }

    /// What is being done; a new step begins at nothing.
    pub(crate) fn step(&self, what: &str) {
        if self.0.message() != what {
            self.0.set_message(what.to_owned());
            self.0.reset();
        }
    }

    pub(crate) fn at(&self, done: u64, total: u64) {
        if self.0.length() != Some(total) {
            self.0.set_length(total);
        }
        self.0.set_position(done);
    }

    pub(crate) fn add(&self, n: u64) {
        self.0.inc(n);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
