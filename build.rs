//! Strips the finished program, and builds what stands between it and ALSA's library on Linux (`native/alsa_shim`): one
//! trampoline per function, so that the library is opened when sound is wanted and not before.

use std::fmt::Write;
use std::path::PathBuf;
use std::{env, fs, io};

const NAMES: &str = "native/alsa_shim/names.txt";
const SHIM: &str = "native/alsa_shim/shim.c";

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={NAMES}");
    println!("cargo:rerun-if-changed={SHIM}");
    let target = |what: &str| env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    if target("OS") != "linux" {
        return Ok(());
    }
    if env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo:rustc-link-arg-bins=-Wl,--strip-all");
    }
    let jump: fn(usize) -> String = match target("ARCH").as_str() {
        "x86_64" => jump_x86_64,
        "aarch64" => jump_aarch64,
        other => {
            return Err(io::Error::other(format!(
                "there are no trampolines to ALSA for {other}; add them in build.rs"
            )));
        }
    };
    let names = fs::read_to_string(NAMES)?;
    let names: Vec<&str> = names.lines().collect();
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let assembly = out.join("alsa_trampolines.S");
    fs::write(&assembly, trampolines(&names, jump))?;
    cc::Build::new()
        .file(SHIM)
        .file(&assembly)
        .cargo_metadata(false)
        .warnings_into_errors(true)
        .compile("frontdesk_alsa");
    println!("cargo:rustc-link-search=native={}", out.display());
    // Whole, because the crate that calls these functions comes later on the linker's line.
    println!("cargo:rustc-link-lib=static:+whole-archive=frontdesk_alsa");
    Ok(())
}

/// The table of slots, its names, and the functions that jump through it.
fn trampolines(names: &[&str], jump: fn(usize) -> String) -> String {
    let mut text = String::from(".text\n");
    for (at, name) in names.iter().enumerate() {
        let jump = jump(at);
        let _ = writeln!(
            text,
            ".balign 16\n.globl {name}\n.hidden {name}\n.type {name}, %function\n{name}:\n{jump}"
        );
    }
    let trap = match jump(0).contains("r11d") {
        true => " movl %r11d, %edi\n andq $-16, %rsp\n call frontdesk_alsa_unfilled\n hlt",
        false => " mov w0, w17\n bl frontdesk_alsa_unfilled\n brk 0",
    };
    let _ = writeln!(
        text,
        ".balign 16\n.type frontdesk_alsa_trap, %function\nfrontdesk_alsa_trap:\n{trap}"
    );
    text.push_str(".data\n.balign 8\n.globl frontdesk_alsa_slots\n.hidden frontdesk_alsa_slots\n");
    text.push_str("frontdesk_alsa_slots:\n");
    text.push_str(&" .quad frontdesk_alsa_trap\n".repeat(names.len()));
    text.push_str(".section .rodata\n");
    for (at, name) in names.iter().enumerate() {
        let _ = writeln!(text, ".Lname{at}: .asciz \"{name}\"");
    }
    text.push_str(".balign 4\n.globl frontdesk_alsa_count\n.hidden frontdesk_alsa_count\n");
    let _ = writeln!(text, "frontdesk_alsa_count: .long {}", names.len());
    text.push_str(".section .data.rel.ro, \"aw\"\n.balign 8\n.globl frontdesk_alsa_names\n");
    text.push_str(".hidden frontdesk_alsa_names\nfrontdesk_alsa_names:\n");
    for at in 0..names.len() {
        let _ = writeln!(text, " .quad .Lname{at}");
    }
    text.push_str(".section .note.GNU-stack, \"\", %progbits\n");
    text
}

/// r11 is free between functions; it carries the number to the trap.
fn jump_x86_64(at: usize) -> String {
    let offset = 8 * at;
    format!(" endbr64\n movl ${at}, %r11d\n jmpq *frontdesk_alsa_slots+{offset}(%rip)")
}

/// x16 and x17 are free between functions.
fn jump_aarch64(at: usize) -> String {
    let offset = 8 * at;
    format!(
        " bti c\n mov w17, #{at}\n adrp x16, frontdesk_alsa_slots+{offset}\n \
         ldr x16, [x16, #:lo12:frontdesk_alsa_slots+{offset}]\n br x16"
    )
}
