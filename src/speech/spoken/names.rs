//! Names and loan words that the dictionary lacks or gets wrong.

use std::collections::HashMap;

/// Sounds by the word in lower case, in the dictionary's alphabet.
pub(super) fn names() -> HashMap<&'static str, &'static str> {
    include_str!("names.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::speech::spoken::symbols;

    #[test]
    fn every_name_has_a_stress_and_known_sounds() {
        let names = super::names();
        assert!(names.len() > 250);
        for (name, sounds) in names {
            assert_eq!(name, name.to_lowercase());
            let voiced = symbols::from_dictionary(sounds);
            assert!(
                voiced.chars().all(|c| symbols::KNOWN.contains(c)),
                "{name}: {voiced}"
            );
            let one = voiced.matches('ˈ').count() == 1 || sounds.chars().count() < 4;
            assert!(one, "{name}: {voiced}");
        }
    }
}
