//! Rewrites regular expressions of JSON Schema (ECMA-262) into the subset that llama.cpp turns into a
//! grammar: anchored, without shorthand classes, and matching the inside of a JSON string.

use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{
    AssertionKind, Ast, ClassBracketed, ClassPerlKind, ClassSet, ClassSetItem, GroupKind,
    RepetitionKind, RepetitionRange,
};

use crate::reason::Reason;

/// Any character that a JSON string contains unescaped.
const ANY: &str = r#"[^\"\\\x00-\x1F]"#;
/// The longest pattern, in bytes, and the highest repetition count in one, so that its grammar stays
/// small.
const LONGEST: usize = 1_000;
const MOST_TIMES: u32 = 1_000;

/// Rewrites a pattern; the error says in words what is not supported.
pub(super) fn rewrite(pattern: &str) -> Result<String, Reason> {
    if pattern.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes").into());
    }
    let ast = Parser::new()
        .parse(&strip_needless_escapes(pattern))
        .map_err(|e| Reason::told(e.kind().to_string(), e))?;
    let branches = match &ast {
        Ast::Alternation(all) => all.asts.as_slice(),
        one => std::slice::from_ref(one),
    };
    let branches: Vec<String> = branches.iter().map(emit_branch).collect::<Result<_, _>>()?;
    Ok(match branches.as_slice() {
        [one] => format!("^{one}$"),
        many => format!("^({})$", many.join("|")),
    })
}

/// Removes needless backslashes, as in `\!`: ECMA-262 allows them, the parser does not.
fn strip_needless_escapes(pattern: &str) -> String {
    let mut plain = String::with_capacity(pattern.len());
    let mut letters = pattern.chars();
    while let Some(c) = letters.next() {
        match (c, letters.clone().next()) {
            ('\\', Some(next)) => {
                letters.next();
                let needless =
                    next.is_ascii_punctuation() && !regex_syntax::is_escapeable_character(next);
                if !needless {
                    plain.push('\\');
                }
                plain.push(next);
            }
            _ => plain.push(c),
        }
    }
    plain
}

/// Writes a whole alternative with its anchors; a missing anchor allows any text there.
fn emit_branch(ast: &Ast) -> Result<String, Reason> {
    let parts = match ast {
        Ast::Concat(all) => all.asts.as_slice(),
        one => std::slice::from_ref(one),
    };
    let is = |ast: Option<&Ast>, kinds: [AssertionKind; 2]| matches!(ast, Some(Ast::Assertion(a)) if kinds.contains(&a.kind));
    let begins = is(
        parts.first(),
        [AssertionKind::StartLine, AssertionKind::StartText],
    );
    let ends = is(
        parts.last(),
        [AssertionKind::EndLine, AssertionKind::EndText],
    );
    let inside = parts
        .get(
            usize::from(begins)
                ..parts.len() - usize::from(ends && parts.len() > usize::from(begins)),
        )
        .unwrap_or_default();
    let mut out = String::new();
    if !begins {
        out.push_str(&format!("({ANY})*"));
    }
    for part in inside {
        out.push_str(&emit(part)?);
    }
    if !ends {
        out.push_str(&format!("({ANY})*"));
    }
    Ok(out)
}

fn emit(ast: &Ast) -> Result<String, Reason> {
    Ok(match ast {
        Ast::Empty(_) => String::new(),
        Ast::Literal(literal) => emit_literal(literal.c)?,
        Ast::Dot(_) => ANY.to_owned(),
        Ast::ClassPerl(class) => wrap_class(class.negated, &expand_shorthand(&class.kind)),
        Ast::ClassBracketed(class) => emit_class(class)?,
        Ast::Repetition(repeated) => {
            let inner = emit(&repeated.ast)?;
            format!("({inner}){}", emit_repetition(&repeated.op.kind)?)
        }
        Ast::Group(group) => match &group.kind {
            GroupKind::NonCapturing(flags) if !flags.items.is_empty() => {
                return Err("it changes flags".into());
            }
            _ => format!("({})", emit(&group.ast)?),
        },
        Ast::Alternation(all) => {
            let all: Vec<String> = all.asts.iter().map(emit).collect::<Result<_, _>>()?;
            format!("({})", all.join("|"))
        }
        Ast::Concat(all) => {
            let all: Vec<String> = all.asts.iter().map(emit).collect::<Result<_, _>>()?;
            all.concat()
        }
        Ast::Assertion(_) => return Err("it has an anchor or a boundary inside".into()),
        Ast::Flags(_) => return Err("it changes flags".into()),
        Ast::ClassUnicode(_) => return Err("it uses a Unicode class".into()),
    })
}

fn emit_repetition(kind: &RepetitionKind) -> Result<String, Reason> {
    let many = || format!("it repeats more than {MOST_TIMES} times");
    Ok(match kind {
        RepetitionKind::ZeroOrOne => "?".to_owned(),
        RepetitionKind::ZeroOrMore => "*".to_owned(),
        RepetitionKind::OneOrMore => "+".to_owned(),
        RepetitionKind::Range(range) => match *range {
            RepetitionRange::Exactly(n) if n <= MOST_TIMES => format!("{{{n}}}"),
            RepetitionRange::AtLeast(n) if n <= MOST_TIMES => format!("{{{n},}}"),
            RepetitionRange::Bounded(from, to) if to <= MOST_TIMES => format!("{{{from},{to}}}"),
            _ => return Err(many().into()),
        },
    })
}

/// Writes a character escaped for the pattern and for the JSON string.
fn emit_literal(c: char) -> Result<String, Reason> {
    Ok(match c {
        // JSON escapes both with a backslash.
        '"' => r#"\\""#.to_owned(),
        '\\' => r"\\\\".to_owned(),
        c if c.is_control() => return Err("it has a control character".into()),
        '^' | '$' | '.' | '[' | ']' | '(' | ')' | '|' | '{' | '}' | '*' | '+' | '?' => {
            format!(r"\{c}")
        }
        c => c.to_string(),
    })
}

/// The characters of a shorthand class in ECMA-262 without the flag `u`, as far as JSON writes them
/// unescaped.
fn expand_shorthand(kind: &ClassPerlKind) -> String {
    match kind {
        ClassPerlKind::Digit => "0-9",
        ClassPerlKind::Space => r" \u00A0",
        ClassPerlKind::Word => "A-Za-z0-9_",
    }
    .to_owned()
}

fn wrap_class(negated: bool, inside: &str) -> String {
    match negated {
        true => format!(r#"[^{inside}\"\\\x00-\x1F]"#),
        false => format!("[{inside}]"),
    }
}

fn emit_class(class: &ClassBracketed) -> Result<String, Reason> {
    let ClassSet::Item(item) = &class.kind else {
        return Err("it combines character classes".into());
    };
    Ok(wrap_class(
        class.negated,
        &emit_class_item(item, class.negated)?,
    ))
}

fn emit_class_item(item: &ClassSetItem, negated: bool) -> Result<String, Reason> {
    Ok(match item {
        ClassSetItem::Empty(_) => String::new(),
        ClassSetItem::Literal(literal) => escape_in_class(literal.c, negated)?,
        ClassSetItem::Range(range) => format!(
            "{}-{}",
            escape_in_class(range.start.c, negated)?,
            escape_in_class(range.end.c, negated)?
        ),
        ClassSetItem::Perl(class) if !class.negated => expand_shorthand(&class.kind),
        ClassSetItem::Union(all) => {
            let all: Vec<String> = all
                .items
                .iter()
                .map(|item| emit_class_item(item, negated))
                .collect::<Result<_, _>>()?;
            all.concat()
        }
        _ => return Err("it nests character classes".into()),
    })
}

fn escape_in_class(c: char, negated: bool) -> Result<String, Reason> {
    Ok(match c {
        // `wrap_class` excludes them anyway.
        '"' | '\\' if negated => String::new(),
        '"' | '\\' => return Err(format!("{c} cannot be in a class").into()),
        ']' | '[' | '-' => format!(r"\{c}"),
        '^' => r"\x5E".to_owned(),
        c if c.is_control() => return Err("it has a control character".into()),
        c => c.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_written_in_the_form_that_is_kept() {
        let any = format!("({ANY})*");
        for (pattern, expected) in [
            (r"^order received\!$", "^order received!$".to_owned()),
            (r"^\d{3}$", "^([0-9]){3}$".to_owned()),
            (r"^a|b$", format!("^(a{any}|{any}b)$")),
            (r"^(?:x\.y)?$", r"^((x\.y))?$".to_owned()),
            (r"^[\w-]+$", r"^([A-Za-z0-9_\-])+$".to_owned()),
            (r#"^"$"#, r#"^\\"$"#.to_owned()),
            (r"^[^a]$", r#"^[^a\"\\\x00-\x1F]$"#.to_owned()),
            ("^$", "^$".to_owned()),
        ] {
            assert_eq!(rewrite(pattern).unwrap(), expected, "{pattern}");
        }
    }

    #[test]
    fn what_has_no_grammar_is_refused() {
        for pattern in [
            r"(?=a)b", r"a\b", "(?i)a", r"\p{L}", "a{2000}", r"(a)\1", "(", "[a&&b]",
        ] {
            assert!(rewrite(pattern).is_err(), "{pattern}");
        }
    }
}
