//! ALSA's library on Linux, opened when sound is wanted (`native/alsa_shim`). Nothing may touch a sound
//! device before [`load`] said yes.

/// Opens the library; further calls do nothing.
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
