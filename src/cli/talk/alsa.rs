//! ALSA's library on Linux, opened only when sound is needed (`native/alsa_shim`). Nothing may touch a sound
//! device before [`load`] has succeeded.

/// Opens the library once; further calls do nothing.
///
/// # Errors
/// A sentence that says what to install.
#[cfg(target_os = "linux")]
pub(super) fn load() -> anyhow::Result<()> {
    use std::ffi::c_int;
    use std::sync::OnceLock;

    #[expect(unsafe_code, reason = "declares what native/alsa_shim/shim.c defines")]
    unsafe extern "C" {
        fn frontdesk_alsa_load() -> c_int;
    }
    static LOADED: OnceLock<bool> = OnceLock::new();
    #[expect(
        unsafe_code,
        reason = "fills the shim's table; OnceLock lets one thread do it, once"
    )]
    let loaded = *LOADED.get_or_init(|| unsafe { frontdesk_alsa_load() } == 0);
    anyhow::ensure!(
        loaded,
        "this machine has no ALSA library: install libasound2 (Debian/Ubuntu: apt install libasound2)"
    );
    Ok(())
}

/// Other systems have their sound built in.
#[cfg(not(target_os = "linux"))]
pub(super) fn load() -> anyhow::Result<()> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    const NAMES: &str = include_str!("../../../native/alsa_shim/names.txt");

    #[test]
    fn every_name_stands_once() {
        let names: Vec<&str> = NAMES.lines().collect();
        assert!(
            names.windows(2).all(|pair| pair[0] < pair[1]),
            "sorted, each once"
        );
        assert!(
            names
                .iter()
                .all(|name| name.trim_start_matches('_').starts_with("snd_"))
        );
        // The shim has every function that cpal and its ALSA crate call, or this test would not have linked.
        assert!(names.contains(&"snd_pcm_open") && names.contains(&"snd_pcm_writei"));
    }

    #[test]
    fn a_loaded_library_is_called_through_the_table() {
        let loaded = load();
        if let Err(error) = loaded {
            assert!(error.to_string().contains("apt install libasound2"));
            return;
        }
        // Only a call that reaches the library can list devices or say that there are none.
        assert!(crate::cli::talk::devices::names().is_ok());
    }
}
