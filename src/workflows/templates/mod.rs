//! Workflows that are ready to use, in English, German, French and Spanish.

/// Short name and text.
pub const ALL: [(&str, &str); 6] = [
    ("appointment", include_str!("appointment.toml")),
    ("callback", include_str!("callback.toml")),
    ("order", include_str!("order.toml")),
    ("qualify", include_str!("qualify.toml")),
    ("table", include_str!("table.toml")),
    ("ticket", include_str!("ticket.toml")),
];

/// The text of a template.
pub fn find(name: &str) -> Option<&'static str> {
    ALL.iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflows::Definition;

    #[test]
    fn every_template_can_be_read_and_has_four_languages() {
        for (name, text) in ALL {
            let read = Definition::parse(text);
            let definition = read.unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
            assert_eq!(definition.name, name);
            let languages: Vec<&str> = definition.title.0.keys().map(String::as_str).collect();
            assert_eq!(languages, ["de", "en", "es", "fr"], "{name}");
            assert_eq!(definition.begin.len(), 4, "{name}");
        }
    }
}
