//! Regular expressions of JSON Schema (ECMA-262) in the small form that llama.cpp makes a grammar of: anchored, without
//! shorthand classes, and such that what is matched is the inside of a JSON string.

use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{
    AssertionKind, Ast, ClassBracketed, ClassPerlKind, ClassSet, ClassSetItem, GroupKind,
    RepetitionKind, RepetitionRange,
};

use crate::reason::Reason;

/// Any character that stands for itself in a JSON string.
const ANY: &str = r#"[^\"\\\x00-\x1F]"#;
/// The longest pattern, and the most repetitions in one, so that its grammar stays small.
const LONGEST: usize = 1_000;
const MOST_TIMES: u32 = 1_000;

/// The pattern in the form that is kept.
///
/// # Errors
/// What cannot be kept, in words.
pub(super) fn rewritten(pattern: &str) -> Result<String, Reason> {
    if pattern.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes").into());
    }
    let ast = Parser::new()
        .parse(&with_plain_escapes(pattern))
        .map_err(|e| Reason::told(e.kind().to_string(), e))?;
    let branches = match &ast {
        Ast::Alternation(all) => all.asts.as_slice(),
        one => std::slice::from_ref(one),
    };
    let branches: Vec<String> = branches.iter().map(branch).collect::<Result<_, _>>()?;
    Ok(match branches.as_slice() {
        [one] => format!("^{one}$"),
        many => format!("^({})$", many.join("|")),
    })
}

/// ECMA-262 lets a backslash stand before any sign that needs none, as in `\!`; the parser does not.
fn with_plain_escapes(pattern: &str) -> String {
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

/// A whole alternative with its anchors; where one is missing, anything may stand.
fn branch(ast: &Ast) -> Result<String, Reason> {
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
        out.push_str(&emitted(part)?);
    }
    if !ends {
        out.push_str(&format!("({ANY})*"));
    }
    Ok(out)
}

fn emitted(ast: &Ast) -> Result<String, Reason> {
    Ok(match ast {
        Ast::Empty(_) => String::new(),
        Ast::Literal(literal) => of_literal(literal.c)?,
        Ast::Dot(_) => ANY.to_owned(),
        Ast::ClassPerl(class) => bracket(class.negated, &perl(&class.kind)),
        Ast::ClassBracketed(class) => bracketed(class)?,
        Ast::Repetition(repeated) => {
            let inner = emitted(&repeated.ast)?;
            format!("({inner}){}", times(&repeated.op.kind)?)
        }
        Ast::Group(group) => match &group.kind {
            GroupKind::NonCapturing(flags) if !flags.items.is_empty() => {
                return Err("it changes flags".into());
            }
            _ => format!("({})", emitted(&group.ast)?),
        },
        Ast::Alternation(all) => {
            let all: Vec<String> = all.asts.iter().map(emitted).collect::<Result<_, _>>()?;
            format!("({})", all.join("|"))
        }
        Ast::Concat(all) => {
            let all: Vec<String> = all.asts.iter().map(emitted).collect::<Result<_, _>>()?;
            all.concat()
        }
        Ast::Assertion(_) => return Err("it has an anchor or a boundary inside".into()),
        Ast::Flags(_) => return Err("it changes flags".into()),
        Ast::ClassUnicode(_) => return Err("it names a class of Unicode".into()),
    })
}

fn times(kind: &RepetitionKind) -> Result<String, Reason> {
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

/// A character as the pattern writes it and as a JSON string does.
fn of_literal(c: char) -> Result<String, Reason> {
    Ok(match c {
        // JSON writes both with a backslash before them.
        '"' => r#"\\""#.to_owned(),
        '\\' => r"\\\\".to_owned(),
        c if c.is_control() => return Err("it has a control character".into()),
        '^' | '$' | '.' | '[' | ']' | '(' | ')' | '|' | '{' | '}' | '*' | '+' | '?' => {
            format!(r"\{c}")
        }
        c => c.to_string(),
    })
}

/// The characters of a shorthand class in ECMA-262 without the flag `u`, of those that JSON writes as they are.
fn perl(kind: &ClassPerlKind) -> String {
    match kind {
        ClassPerlKind::Digit => "0-9",
        ClassPerlKind::Space => r" \u00A0",
        ClassPerlKind::Word => "A-Za-z0-9_",
    }
    .to_owned()
}

fn bracket(negated: bool, inside: &str) -> String {
    match negated {
        true => format!(r#"[^{inside}\"\\\x00-\x1F]"#),
        false => format!("[{inside}]"),
    }
}

fn bracketed(class: &ClassBracketed) -> Result<String, Reason> {
    let ClassSet::Item(item) = &class.kind else {
        return Err("it subtracts classes".into());
    };
    Ok(bracket(class.negated, &of_item(item, class.negated)?))
}

fn of_item(item: &ClassSetItem, negated: bool) -> Result<String, Reason> {
    Ok(match item {
        ClassSetItem::Empty(_) => String::new(),
        ClassSetItem::Literal(literal) => in_class(literal.c, negated)?,
        ClassSetItem::Range(range) => format!(
            "{}-{}",
            in_class(range.start.c, negated)?,
            in_class(range.end.c, negated)?
        ),
        ClassSetItem::Perl(class) if !class.negated => perl(&class.kind),
        ClassSetItem::Union(all) => {
            let all: Vec<String> = all
                .items
                .iter()
                .map(|item| of_item(item, negated))
                .collect::<Result<_, _>>()?;
            all.concat()
        }
        _ => return Err("it has a class in a class".into()),
    })
}

fn in_class(c: char, negated: bool) -> Result<String, Reason> {
    Ok(match c {
        // Excluded in any case.
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
            assert_eq!(rewritten(pattern).unwrap(), expected, "{pattern}");
        }
    }

    #[test]
    fn what_has_no_grammar_is_refused() {
        for pattern in [
            r"(?=a)b", r"a\b", "(?i)a", r"\p{L}", "a{2000}", r"(a)\1", "(", "[a&&b]",
        ] {
            assert!(rewritten(pattern).is_err(), "{pattern}");
        }
    }
}
