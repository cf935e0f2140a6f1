//! Sends the log of whisper.cpp to `tracing` instead of standard error, and adds its last error line
//! to the error that follows.

use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_void};
use std::sync::Once;

/// `GGML_LOG_LEVEL_ERROR`.
const ERROR: u32 = 4;
/// `GGML_LOG_LEVEL_WARN`.
const WARNING: u32 = 3;

static INSTALL: Once = Once::new();

thread_local! {
    static COMPLAINT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Redirects the log, once per process.
pub(super) fn redirect() {
    INSTALL.call_once(|| {
        #[expect(
            unsafe_code,
            reason = "the safe hook of whisper-rs needs a symbol that is hidden"
        )]
        // SAFETY: the callback is a function without state, and lives as long as the process.
        unsafe {
            whisper_rs::set_log_callback(Some(write_line), std::ptr::null_mut());
        }
    });
}

/// Takes the engine's last error line on this thread.
pub(super) fn take_complaint() -> Option<String> {
    let complaint = COMPLAINT.with(RefCell::take);
    (!complaint.is_empty()).then_some(complaint)
}

#[expect(unsafe_code, reason = "whisper.cpp hands lines over as C strings")]
unsafe extern "C" fn write_line(level: u32, text: *const c_char, _user_data: *mut c_void) {
    if text.is_null() {
        return;
    }
    // SAFETY: whisper.cpp passes a string that ends in NUL and lives until this returns.
    let line = unsafe { CStr::from_ptr(text) }.to_string_lossy();
    note(level, line.trim());
}

/// Errors are logged at debug level only: a cancelled run reports failures too, and real ones come
/// back as an error anyway.
fn note(level: u32, line: &str) {
    if line.is_empty() {
        return;
    }
    if level == ERROR {
        COMPLAINT.with(|complaint| line.clone_into(&mut complaint.borrow_mut()));
    }
    if level == ERROR || level == WARNING {
        tracing::debug!(target: "frontdesk::speech::engine", "{line}");
    } else {
        tracing::trace!(target: "frontdesk::speech::engine", "{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_complaint_is_told_once() {
        note(2, "loading model");
        assert_eq!(take_complaint(), None);
        note(ERROR, "first");
        note(ERROR, "tensor 'x' has wrong size");
        assert_eq!(
            take_complaint().as_deref(),
            Some("tensor 'x' has wrong size")
        );
        assert_eq!(take_complaint(), None);
    }
}
