//! Public holidays by rule, and days that people name: Christmas Eve, Thanksgiving, Easter Monday.
//!
//! They serve two ends: to resolve a name to its date, and to know that the usual week does not
//! tell whether a shop is open on a date. Sources: the holiday laws of the countries as they stood
//! in 2026 (5 U.S.C. 6103; the German Länder; Code du travail L3133-1; BOE calendars; the Banking
//! and Financial Dealings Act 1971; Legge 260/1949).

use jiff::Span;
use jiff::civil::{Date, Weekday};

use super::words::{Token, any_at};

/// When a holiday is.
#[derive(Debug, Clone, Copy)]
enum Rule {
    /// Month and day.
    Fixed(i8, i8),
    /// Month, which one (-1: the last), weekday.
    Nth(i8, i8, Weekday),
    /// Days from Easter Sunday.
    Easter(i32),
    /// The Thursday of Thanksgiving, and days from it.
    Thanksgiving(i32),
}

/// A holiday.
#[derive(Debug)]
pub struct Holiday {
    /// Its English name.
    pub name: &'static str,
    rule: Rule,
    /// ISO 3166 codes of the countries where it is public, at least in a part of them.
    pub countries: &'static [&'static str],
    /// Names that people write, folded, in all languages.
    spoken: &'static [&'static str],
}

const fn day(
    name: &'static str,
    rule: Rule,
    countries: &'static [&'static str],
    spoken: &'static [&'static str],
) -> Holiday {
    Holiday {
        name,
        rule,
        countries,
        spoken,
    }
}

/// Countries whose holidays are known.
#[rustfmt::skip]
pub const COUNTRIES: &[&str] = &["US", "DE", "ES", "FR", "IT", "GB", "AT", "CH"];

use Rule::{Easter, Fixed, Nth, Thanksgiving};

#[rustfmt::skip]
const EUROPE: &[&str] = &["DE", "ES", "FR", "IT", "GB", "AT", "CH"];

/// Longer names stand before shorter ones that they contain only by the rule of the longest match.
#[rustfmt::skip]
static HOLIDAYS: &[Holiday] = &[
    day("New Year's Day", Fixed(1, 1), COUNTRIES, &["new years day", "new year s day", "new year day", "new years", "new year s", "new year", "neujahr", "neujahrstag", "ano nuevo", "dia de ano nuevo", "jour de l an", "nouvel an", "capodanno"]),
    day("Epiphany", Fixed(1, 6), &["DE", "ES", "IT", "AT", "CH"], &["epiphany", "three kings day", "heilige drei konige", "dreikonigstag", "dia de reyes", "reyes magos", "epifania", "epiphanie"]),
    day("Martin Luther King Day", Nth(1, 3, Weekday::Monday), &["US"], &["mlk day", "mlk", "martin luther king day", "martin luther king jr day", "martin luther king"]),
    day("Presidents' Day", Nth(2, 3, Weekday::Monday), &["US"], &["presidents day", "president s day", "presidents", "washingtons birthday", "washington s birthday"]),
    day("Valentine's Day", Fixed(2, 14), &[], &["valentines day", "valentine s day", "valentines", "valentinstag", "san valentin", "saint valentin", "san valentino"]),
    day("St Patrick's Day", Fixed(3, 17), &[], &["st patricks day", "st patrick s day", "saint patricks day"]),
    day("Carnival Monday", Easter(-48), &[], &["rosenmontag"]),
    day("Good Friday", Easter(-2), &["DE", "ES", "GB", "CH"], &["good friday", "karfreitag", "viernes santo", "vendredi saint", "venerdi santo"]),
    day("Maundy Thursday", Easter(-3), &["ES"], &["maundy thursday", "jueves santo", "grundonnerstag"]),
    day("Holy Saturday", Easter(-1), &[], &["holy saturday", "easter saturday", "karsamstag", "ostersamstag", "sabado santo"]),
    day("Easter Sunday", Easter(0), COUNTRIES, &["easter sunday", "easter", "ostersonntag", "ostern", "domingo de pascua", "pascua", "paques", "dimanche de paques", "pasqua"]),
    day("Easter Monday", Easter(1), EUROPE, &["easter monday", "ostermontag", "lunes de pascua", "lundi de paques", "pasquetta", "lunedi dell angelo", "lunedi di pasqua"]),
    day("Liberation Day", Fixed(4, 25), &["IT"], &["festa della liberazione"]),
    day("Labour Day", Fixed(5, 1), &["DE", "ES", "FR", "IT", "AT", "CH"], &["may day", "tag der arbeit", "maifeiertag", "erster mai", "dia del trabajo", "dia del trabajador", "fete du travail", "festa dei lavoratori", "primo maggio"]),
    day("Early May bank holiday", Nth(5, 1, Weekday::Monday), &["GB"], &["may bank holiday", "early may bank holiday"]),
    day("Victory in Europe Day", Fixed(5, 8), &["FR"], &["ve day", "victoire 1945"]),
    day("Mother's Day", Nth(5, 2, Weekday::Sunday), &[], &["mothers day", "mother s day", "muttertag"]),
    day("Spring bank holiday", Nth(5, -1, Weekday::Monday), &["GB"], &["spring bank holiday"]),
    day("Memorial Day", Nth(5, -1, Weekday::Monday), &["US"], &["memorial day"]),
    day("Ascension Day", Easter(39), &["DE", "FR", "AT", "CH"], &["ascension day", "ascension", "christi himmelfahrt", "himmelfahrt", "vatertag", "jeudi de l ascension"]),
    day("Whit Monday", Easter(50), &["DE", "FR", "AT", "CH"], &["whit monday", "pentecost monday", "pfingstmontag", "lundi de pentecote"]),
    day("Whit Sunday", Easter(49), &["DE"], &["whit sunday", "pentecost", "pfingstsonntag", "pfingsten", "pentecote"]),
    day("Corpus Christi", Easter(60), &["DE", "AT", "CH"], &["corpus christi", "fronleichnam"]),
    day("Republic Day", Fixed(6, 2), &["IT"], &["festa della repubblica"]),
    day("Juneteenth", Fixed(6, 19), &["US"], &["juneteenth"]),
    day("Independence Day", Fixed(7, 4), &["US"], &["independence day", "4th of july", "fourth of july", "july 4th", "july fourth"]),
    day("Bastille Day", Fixed(7, 14), &["FR"], &["bastille day", "fete nationale", "quatorze juillet"]),
    day("Swiss National Day", Fixed(8, 1), &["CH"], &["bundesfeier", "swiss national day"]),
    day("Assumption", Fixed(8, 15), &["DE", "ES", "FR", "IT", "AT", "CH"], &["assumption day", "maria himmelfahrt", "asuncion", "assomption", "ferragosto"]),
    day("Summer bank holiday", Nth(8, -1, Weekday::Monday), &["GB"], &["august bank holiday", "summer bank holiday"]),
    day("Labor Day", Nth(9, 1, Weekday::Monday), &["US"], &["labor day", "labour day"]),
    day("Day of German Unity", Fixed(10, 3), &["DE"], &["tag der deutschen einheit", "german unity day"]),
    day("Columbus Day", Nth(10, 2, Weekday::Monday), &["US"], &["columbus day", "indigenous peoples day", "indigenous people s day"]),
    day("Fiesta Nacional", Fixed(10, 12), &["ES"], &["dia de la hispanidad", "fiesta nacional"]),
    day("Austrian National Day", Fixed(10, 26), &["AT"], &["nationalfeiertag"]),
    day("Reformation Day", Fixed(10, 31), &["DE"], &["reformationstag"]),
    day("Halloween", Fixed(10, 31), &[], &["halloween"]),
    day("All Saints' Day", Fixed(11, 1), &["DE", "ES", "FR", "IT", "AT", "CH"], &["all saints day", "all saints", "allerheiligen", "todos los santos", "toussaint", "ognissanti", "tutti i santi"]),
    day("Veterans Day", Fixed(11, 11), &["US"], &["veterans day", "veteran s day"]),
    day("Armistice Day", Fixed(11, 11), &["FR"], &["armistice"]),
    day("Thanksgiving", Thanksgiving(0), &["US"], &["thanksgiving", "thanksgiving day", "turkey day"]),
    day("Black Friday", Thanksgiving(1), &[], &["black friday"]),
    day("Constitution Day", Fixed(12, 6), &["ES"], &["dia de la constitucion"]),
    day("Immaculate Conception", Fixed(12, 8), &["ES", "IT", "AT"], &["immaculate conception", "inmaculada", "immacolata", "maria empfangnis"]),
    day("St Nicholas' Day", Fixed(12, 6), &[], &["st nicholas day", "nikolaus", "nikolaustag"]),
    day("Christmas Eve", Fixed(12, 24), &[], &["christmas eve", "xmas eve", "heiligabend", "heiliger abend", "heilig abend", "weihnachtsabend", "nochebuena", "veille de noel", "reveillon de noel", "vigilia di natale"]),
    day("Christmas Day", Fixed(12, 25), COUNTRIES, &["christmas day", "christmas", "xmas day", "xmas", "x mas", "weihnachten", "erster weihnachtstag", "1 weihnachtstag", "1 weihnachtsfeiertag", "navidad", "dia de navidad", "noel", "natale"]),
    day("Boxing Day", Fixed(12, 26), &["DE", "GB", "IT", "AT", "CH"], &["boxing day", "zweiter weihnachtstag", "2 weihnachtstag", "2 weihnachtsfeiertag", "st stephens day", "stephanstag", "santo stefano"]),
    day("New Year's Eve", Fixed(12, 31), &[], &["new years eve", "new year s eve", "new year eve", "nye", "silvester", "sylvester", "nochevieja", "fin de ano", "saint sylvestre", "reveillon", "san silvestro", "ultimo dell anno"]),
];

/// Easter Sunday of a year in the Gregorian calendar (the anonymous algorithm, Nature 1876).
pub fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let a = y % 19;
    let (b, c) = (y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let (month, day) = ((h + l - 7 * m + 114) / 31, (h + l - 7 * m + 114) % 31 + 1);
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

impl Holiday {
    /// Its date in a year.
    pub fn in_year(&self, year: i16) -> Option<Date> {
        match self.rule {
            Fixed(month, day) => Date::new(year, month, day).ok(),
            Nth(month, nth, weekday) => Date::new(year, month, 1)
                .ok()?
                .nth_weekday_of_month(nth, weekday)
                .ok(),
            Easter(days) => easter(year)?.checked_add(Span::new().days(days)).ok(),
            Thanksgiving(days) => Date::new(year, 11, 1)
                .ok()?
                .nth_weekday_of_month(4, Weekday::Thursday)
                .ok()?
                .checked_add(Span::new().days(days))
                .ok(),
        }
    }

    /// Its next date from `from` on.
    pub fn next(&self, from: Date) -> Option<Date> {
        (from.year()..=from.year().saturating_add(1))
            .filter_map(|year| self.in_year(year))
            .find(|date| *date >= from)
    }
}

/// The holiday that is named at a token, and how many tokens its name takes.
pub(super) fn named(tokens: &[Token], at: usize) -> Option<(&'static Holiday, usize)> {
    HOLIDAYS
        .iter()
        .filter_map(|h| any_at(tokens, at, h.spoken).map(|taken| (h, taken)))
        .max_by_key(|(_, taken)| *taken)
}

/// Why the usual week may not hold on a date: a public holiday (also where it is only public in a
/// part of the country), the weekday that stands in for one, Christmas Eve or New Year's Eve. With
/// no country, those of all known countries count.
pub fn special(date: Date, country: Option<&str>) -> Option<&'static str> {
    let known = country.filter(|c| COUNTRIES.contains(c));
    HOLIDAYS
        .iter()
        .find(|h| {
            let customary = matches!(h.rule, Fixed(12, 24 | 31));
            let public = match known {
                Some(country) => h.countries.contains(&country),
                None => !h.countries.is_empty(),
            };
            (customary || public)
                && (h.in_year(date.year()) == Some(date) || (public && stands_in(h, date, known)))
        })
        .map(|h| h.name)
}

/// Whether `date` is the weekday on which a holiday of a weekend is kept (United States, United Kingdom).
fn stands_in(holiday: &Holiday, date: Date, country: Option<&str>) -> bool {
    let Fixed(month, _) = holiday.rule else {
        return false;
    };
    let kept = |weekday: Weekday, days: i32| {
        // The year may turn between the holiday and the day that stands in for it.
        [date.year(), date.year().saturating_add(1)]
            .into_iter()
            .filter_map(|year| holiday.in_year(year))
            .any(|real| {
                real.weekday() == weekday
                    && real
                        .checked_add(Span::new().days(days))
                        .is_ok_and(|d| d == date)
            })
    };
    match country {
        Some("US") => kept(Weekday::Saturday, -1) || kept(Weekday::Sunday, 1),
        Some("GB") => {
            kept(Weekday::Saturday, 2)
                || kept(Weekday::Sunday, 1)
                // Christmas and Boxing Day on a weekend: Monday and Tuesday are both kept.
                || (month == 12 && kept(Weekday::Sunday, 2))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn easter_is_when_the_church_says() {
        for (y, m, d) in [
            (2024, 3, 31),
            (2025, 4, 20),
            (2026, 4, 5),
            (2027, 3, 28),
            (2038, 4, 25),
            (2285, 3, 22),
        ] {
            assert_eq!(easter(y), Some(date(y, m, d)));
        }
    }

    #[test]
    fn holidays_are_known_by_country() {
        for (on, country, expected) in [
            (date(2027, 2, 15), Some("US"), Some("Presidents' Day")),
            (
                date(2027, 1, 18),
                Some("US"),
                Some("Martin Luther King Day"),
            ),
            (date(2026, 11, 26), Some("US"), Some("Thanksgiving")),
            (date(2026, 7, 3), Some("US"), Some("Independence Day")),
            (date(2021, 12, 31), Some("US"), Some("New Year's Day")),
            (date(2026, 12, 28), Some("GB"), Some("Boxing Day")),
            (date(2027, 2, 15), Some("DE"), None),
            (date(2026, 10, 3), Some("DE"), Some("Day of German Unity")),
            (date(2026, 12, 24), Some("FR"), Some("Christmas Eve")),
            (date(2026, 7, 14), None, Some("Bastille Day")),
            (date(2026, 7, 15), None, None),
        ] {
            assert_eq!(special(on, country), expected, "{on} {country:?}");
        }
    }
}
