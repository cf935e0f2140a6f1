//! Hashes passwords off the async threads, a few at a time: each hash takes 64 MiB and some 100 ms of a core,
//! and anybody may send a password.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use axum::http::StatusCode;
use tokio::sync::Semaphore;

use super::problem::Problem;
use crate::store::StoreError;

const AT_A_TIME: usize = 2;
/// Beyond this, requests are refused at once instead of queued.
const MOST_WAITING: usize = 8;
/// In seconds, for `Retry-After`.
const AGAIN_AFTER: u32 = 3;

static PLACES: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(AT_A_TIME)));
static ADMITTED: AtomicUsize = AtomicUsize::new(0);

/// A password that is being hashed or waits for it; dropping it makes room for another.
struct Admission;

impl Admission {
    fn enter() -> Option<Self> {
        let entered = ADMITTED.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |admitted| {
            (admitted < AT_A_TIME + MOST_WAITING).then_some(admitted + 1)
        });
        entered.is_ok().then(|| Self)
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        ADMITTED.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Runs `work`, which hashes a password, on a blocking thread.
///
/// # Errors
/// 429 when too many wait already, and whatever `work` fails with.
pub(super) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Problem> {
    let admission = Admission::enter().ok_or_else(|| {
        let detail = format!("many people are signing in right now; try again in {AGAIN_AFTER} s");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail)
            .retry_after(AGAIN_AFTER)
    })?;
    let place = Arc::clone(&PLACES).acquire_owned().await;
    let place = place.map_err(|error| Problem::internal(&error))?;
    // Blocking work goes on after its client left, so it must keep its place until it is done.
    let done = tokio::task::spawn_blocking(move || {
        let _held = (admission, place);
        work()
    });
    let done = done.await.map_err(|error| Problem::internal(&error))?;
    Ok(done?)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::time::Duration;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn few_are_hashed_at_a_time_and_few_wait() {
        static RUNNING: AtomicUsize = AtomicUsize::new(0);
        static MOST: AtomicUsize = AtomicUsize::new(0);
        static REFUSED: AtomicUsize = AtomicUsize::new(0);
        static GO: AtomicBool = AtomicBool::new(false);
        let attempts = (0..40).map(|_| {
            tokio::spawn(async {
                let done = off_thread(|| {
                    let now = RUNNING.fetch_add(1, Ordering::SeqCst) + 1;
                    MOST.fetch_max(now, Ordering::SeqCst);
                    while !GO.load(Ordering::SeqCst) {
                        std::thread::sleep(Duration::from_millis(2));
                    }
                    RUNNING.fetch_sub(1, Ordering::SeqCst);
                    Ok(())
                });
                REFUSED.fetch_add(usize::from(done.await.is_err()), Ordering::SeqCst);
            })
        });
        let attempts: Vec<_> = attempts.collect();
        // Both places must be taken before they are given back.
        let settled = || {
            REFUSED.load(Ordering::SeqCst) == 40 - AT_A_TIME - MOST_WAITING
                && MOST.load(Ordering::SeqCst) == AT_A_TIME
        };
        while !settled() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        GO.store(true, Ordering::SeqCst);
        futures::future::join_all(attempts).await;
        assert_eq!(
            REFUSED.load(Ordering::SeqCst),
            40 - AT_A_TIME - MOST_WAITING
        );
        assert_eq!(MOST.load(Ordering::SeqCst), AT_A_TIME);
        assert!(off_thread(|| Ok(())).await.is_ok(), "there is room again");
    }
}
