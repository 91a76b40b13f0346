//! Log events of the core, handed to the host's function in the calling thread and nowhere else.

use parking_lot::RwLock;
use std::ffi::{CString, c_char, c_void};
use std::fmt::{Debug, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use tracing::field::{Field, Visit};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber, dispatcher, span};

/// The C function behind [`crate::types::opsl_log_fn`].
pub(crate) type Sink = unsafe extern "C" fn(level: i32, text: *const c_char, user: *mut c_void);

struct Host {
    sink: Sink,
    user: *mut c_void,
}

// SAFETY: the header asks for a function and a pointer that any thread may use.
unsafe impl Send for Host {}
unsafe impl Sync for Host {}

static HOST: RwLock<Option<Host>> = RwLock::new(None);
/// Whether there is a host function, so that without one a call costs a load.
static WANTED: AtomicBool = AtomicBool::new(false);

/// Sets or removes the host's function. Once it returns, the former one is not running and is never called again.
pub(crate) fn set(sink: Option<Sink>, user: *mut c_void) {
    let mut host = HOST.write();
    WANTED.store(sink.is_some(), Ordering::Release);
    *host = sink.map(|sink| Host { sink, user });
}

/// Runs `body` with our forwarder as this thread's subscriber, when a host listens.
pub(crate) fn scope<T>(body: impl FnOnce() -> T) -> T {
    static FORWARD: OnceLock<Dispatch> = OnceLock::new();
    if WANTED.load(Ordering::Acquire) {
        dispatcher::with_default(FORWARD.get_or_init(|| Dispatch::new(Forward)), body)
    } else {
        body()
    }
}

struct Forward;

impl Subscriber for Forward {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let level = match *event.metadata().level() {
            Level::ERROR => 1,
            Level::WARN => 2,
            Level::INFO => 3,
            Level::DEBUG => 4,
            Level::TRACE => 5,
        };
        let text = c_text(&(line.message + &line.fields));
        if let Some(host) = HOST.read().as_ref() {
            // SAFETY: the host's own function with the host's own pointer.
            unsafe { (host.sink)(level, text.as_ptr(), host.user) };
        }
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// An event as one line: the message, then ` key=value` for each field.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a String cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

/// Text for C; a NUL inside would end it early, so it is shown as U+FFFD.
pub(crate) fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;
    use std::ffi::CStr;

    unsafe extern "C" fn collect(level: i32, text: *const c_char, user: *mut c_void) {
        let lines = unsafe { &*user.cast::<Mutex<Vec<String>>>() };
        lines.lock().push(format!("{level} {}", unsafe { CStr::from_ptr(text) }.to_str().unwrap()));
    }

    #[test]
    fn events_reach_the_host_in_the_calling_thread_only_while_it_listens() {
        let lines: Mutex<Vec<String>> = Mutex::new(Vec::new());
        set(Some(collect), (&raw const lines).cast_mut().cast());
        scope(|| {
            tracing::warn!(entries = 3, "sink: clock\0went back");
            std::thread::scope(|s| {
                s.spawn(|| tracing::error!("sink: another thread, outside any call"));
            });
        });
        tracing::error!("sink: outside any call");
        set(None, std::ptr::null_mut());
        scope(|| tracing::error!("sink: nobody listens"));
        // Other tests of this process may have spoken meanwhile.
        let ours: Vec<String> = lines.into_inner().into_iter().filter(|l| l.contains("sink:")).collect();
        assert_eq!(ours, ["2 sink: clock\u{fffd}went back entries=3"]);
    }
}
