//! Runs first: checks that this processor has the instructions that the program was built for.
//!
//! A program built with `target-cpu=native`, or a package for `x86-64-v3`, ends with an illegal instruction on an
//! older processor.
//! `is_x86_feature_detected!` does not help: for a feature enabled at build time it is always
//! true. So this asks the processor itself (CPUID).

use crate::reason::Reason;

/// Fails with a sentence for the user if the program cannot run on this processor.
pub(super) fn check() -> Result<(), Reason> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "this program was built for a newer processor (it needs {}, which this one lacks). \
         Build it on this machine: ./install.sh in the source folder",
        missing.join(", ")
    )
    .into())
}

#[cfg(target_arch = "x86_64")]
fn missing() -> Vec<&'static str> {
    use raw_cpuid::CpuId;
    let id = CpuId::new();
    let basic = id.get_feature_info();
    let extended = id.get_extended_feature_info();
    let later = id.get_extended_processor_and_feature_identifiers();
    let mut missing = Vec::new();
    macro_rules! need {
        ($($feature:literal: $info:ident.$has:ident),* $(,)?) => {
            $( if cfg!(target_feature = $feature) && !$info.as_ref().is_some_and(|i| i.$has()) {
                missing.push($feature);
            } )*
        };
    }
    need! {
        "sse3": basic.has_sse3,
        "ssse3": basic.has_ssse3,
        "sse4.1": basic.has_sse41,
        "sse4.2": basic.has_sse42,
        "popcnt": basic.has_popcnt,
        "movbe": basic.has_movbe,
        "avx": basic.has_avx,
        "f16c": basic.has_f16c,
        "fma": basic.has_fma,
        "avx2": extended.has_avx2,
        "lzcnt": later.has_lzcnt,
        "bmi1": extended.has_bmi1,
        "bmi2": extended.has_bmi2,
        "avx512f": extended.has_avx512f,
        "avx512bw": extended.has_avx512bw,
        "avx512vl": extended.has_avx512vl,
        "avx512vnni": extended.has_avx512vnni,
    }
    missing
}

#[cfg(not(target_arch = "x86_64"))]
fn missing() -> Vec<&'static str> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_machine_that_built_this_can_run_it() {
        assert_eq!(super::check(), Ok(()));
    }
}
