//! Retries while an engine is busy, so that a busy machine answers later, not worse.

use std::future::Future;
use std::time::Duration;

use super::LlmError;

/// Retries while the engine is busy, and the pause before each: 8 s in all. A turn's own deadline may be
/// shorter.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(200);

/// Calls `ask` until the engine is no longer busy. Other errors return at once; `Busy` only after all
/// retries.
pub async fn patiently<T, F>(ask: impl Fn() -> F) -> Result<T, LlmError>
where
    F: Future<Output = Result<T, LlmError>>,
{
    for _ in 0..TRIES {
        match ask().await {
            Err(LlmError::Busy { .. }) => tokio::time::sleep(PAUSE).await,
            done => return done,
        }
    }
    ask().await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_busy_engine_is_asked_again_and_another_error_is_told_at_once() {
        let asked = Cell::new(0);
        let busy_twice = || {
            asked.set(asked.get() + 1);
            let busy = asked.get() < 3;
            async move {
                match busy {
                    true => Err(LlmError::Busy { waiting: 9 }),
                    false => Ok("read"),
                }
            }
        };
        assert_eq!(patiently(busy_twice).await.unwrap(), "read");
        assert_eq!(asked.get(), 3);
        asked.set(0);
        let broken = || {
            asked.set(asked.get() + 1);
            async { Err::<(), _>(LlmError::Unavailable("gone".into())) }
        };
        assert!(patiently(broken).await.is_err());
        assert_eq!(asked.get(), 1);
        let always = || async { Err::<(), _>(LlmError::Busy { waiting: 9 }) };
        assert!(matches!(
            patiently(always).await,
            Err(LlmError::Busy { .. })
        ));
    }
}
