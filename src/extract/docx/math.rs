//! Formulas (Office Math, ECMA-376 part 1, 22.1) as one line of text: `(a+b)/2`, `πr^2`, `√(x)`. Without marks a fraction
//! or a power would read as another number.

/// An element that was opened and what to do when it ends.
enum Open {
    /// A part that needs brackets if it is more than one number or name; where it begins in the text.
    Part(usize),
    /// Text to add.
    Close(&'static str),
}

/// The open formulas of a paragraph.
#[derive(Default)]
pub(super) struct Math {
    open: Vec<(String, Open)>,
}

impl Math {
    /// Handles the start of an element of a formula.
    pub(super) fn start(&mut self, name: &str, text: &mut String) {
        let open = match name {
            "num" => Open::Part(text.len()),
            "den" => {
                text.push('/');
                Open::Part(text.len())
            }
            "sup" => {
                text.push('^');
                Open::Part(text.len())
            }
            "rad" => {
                text.push_str("√(");
                Open::Close(")")
            }
            "d" => {
                text.push('(');
                Open::Close(")")
            }
            "fName" => Open::Close(" "),
            _ => return,
        };
        self.open.push((name.to_owned(), open));
    }

    /// Handles the end of an element.
    pub(super) fn end(&mut self, name: &str, text: &mut String) {
        if self.open.last().is_none_or(|(open, _)| open != name) {
            return;
        }
        match self.open.pop() {
            Some((_, Open::Part(from))) => {
                let part = text.get(from..).unwrap_or_default();
                if part.trim().is_empty() {
                    // A power or fraction without a part is none.
                    text.truncate(from);
                    if name != "num" && text.ends_with(['^', '/']) {
                        text.pop();
                    }
                } else if !part.chars().all(|c| c.is_alphanumeric() || c == '.') {
                    text.insert(from, '(');
                    text.push(')');
                }
            }
            Some((_, Open::Close(more))) => text.push_str(more),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a formula given as `<name`, `>name` and text.
    fn write(parts: &[&str]) -> String {
        let (mut math, mut text) = (Math::default(), String::new());
        for part in parts {
            match (part.strip_prefix('<'), part.strip_prefix('>')) {
                (Some(name), _) => math.start(name, &mut text),
                (_, Some(name)) => math.end(name, &mut text),
                _ => text.push_str(part),
            }
        }
        text
    }

    #[test]
    fn fractions_powers_and_roots_stay_apart() {
        let area = write(&["A=πr", "<sup", "2", ">sup"]);
        assert_eq!(area, "A=πr^2");
        let solved = write(&[
            "x=", "<f", "<num", "-b±", "<rad", "b", "<sup", "2", ">sup", "-4ac", ">rad", ">num",
            "<den", "2a", ">den", ">f",
        ]);
        assert_eq!(solved, "x=(-b±√(b^2-4ac))/2a");
        assert_eq!(write(&["<fName", "log", ">fName", "x"]), "log x");
        assert_eq!(write(&["x", "<sup", ">sup", ">den"]), "x");
    }
}
