//! Abbreviations and synonyms that need no owner to know them, per language.

use crate::language::Language;

/// Abbreviations that visitors type, a line each: "short short: long, long".
pub(super) fn abbreviations(language: Language) -> &'static str {
    match language {
        Language::En => {
            "appt appts apt: appointment
            tmrw tmr tmw 2moro 2morrow tomoz: tomorrow
            2day: today
            2nite tonite: tonight
            hrs hr: hours
            mins: minutes
            wk wks: week
            wknd: weekend
            yr yrs: year
            mo mos mth mths: month
            fone ph: phone
            tel: phone, telephone
            addr: address
            info: information
            pic pics: picture, photo
            xmas: christmas
            bday: birthday
            acct: account
            amt: amount
            dept: department
            qty: quantity
            max: maximum
            min: minimum, minutes
            temp: temporary, temperature
            mon: monday
            tue tues: tuesday
            wed weds: wednesday
            thu thur thurs: thursday
            fri: friday
            sat: saturday
            sun: sunday
            jan: january
            feb: february
            apr: april
            aug: august
            sep sept: september
            oct: october
            nov: november
            dec: december
            msg: message
            pw pwd: password
            config: configuration
            db: database
            env: environment
            doc docs: documentation, document
            kidz: kids
            lil: little
            bc cuz: because
            veg: vegetable, vegetarian
            mgr: manager
            pkg: package
            ins: insurance
            est: estimate
            rx: prescription
            xray xrays: x-ray"
        }
        Language::De => {
            "tel fon: telefon
            nr: nummer
            str: straße
            std: stunde
            mo: montag
            di: dienstag
            mi: mittwoch
            do: donnerstag
            fr: freitag
            sa: samstag
            tgl: täglich
            bzgl: bezüglich
            vers: versicherung
            parkplätze: parken
            mwst: mehrwertsteuer"
        }
        Language::Es => {
            "tel tfno tlf: teléfono
            hs hrs: horas
            min: minutos
            finde: fin de semana
            dto: descuento
            num: número
            dir: dirección
            lun: lunes
            sab: sábado
            dom: domingo"
        }
        Language::Fr => {
            "tel: téléphone
            rdv: rendez-vous
            resa: réservation
            dispo: disponible
            num: numéro
            cb: carte
            aprem: après-midi
            we: week-end"
        }
        Language::It => {
            "tel: telefono
            app: appuntamento
            gg: giorni
            ind: indirizzo
            num: numero
            pren: prenotazione"
        }
        Language::Pt => {
            "tel: telefone
            hrs: horas
            end: endereço
            num: número
            seg: segunda
            sab: sábado
            dom: domingo"
        }
        Language::Nl => {
            "tel: telefoon
            afspr: afspraak
            nr: nummer
            ma: maandag
            vr: vrijdag
            za: zaterdag
            zo: zondag"
        }
        Language::Pl => {
            "tel: telefon
            godz: godziny
            nr: numer
            ul: ulica
            pon: poniedziałek
            sob: sobota
            niedz: niedziela"
        }
        Language::Tr => {
            "tel: telefon
            rnd: randevu
            dk: dakika
            cmt: cumartesi"
        }
        Language::Ru => {
            "тел: телефон
            адр: адрес
            руб: рублей
            мин: минут
            сб: суббота
            вс: воскресенье
            пн: понедельник"
        }
        _ => "",
    }
}

/// Units that documents abbreviate and visitors write out, or the other way round; a group a line.
pub(super) fn units(language: Language) -> &'static str {
    match language {
        Language::En => {
            "minutes, minute, mins, min
            hours, hour, hrs, hr
            kilometres, kilometers, km
            kilograms, kilos, kg"
        }
        Language::De => {
            "minuten, minute, min
            stunden, stunde, std
            kilometer, km
            kilogramm, kilo, kg"
        }
        Language::Es | Language::Pt => {
            "minutos, minuto, min
            horas, hora, hrs, hs
            kilos, kg"
        }
        Language::Fr => {
            "minutes, minute, min, mn
            heures, heure, hrs
            kilomètres, km
            kilos, kg"
        }
        Language::It => {
            "minuti, minuto, min
            ore, ora
            chilometri, km
            chili, kg"
        }
        Language::Nl => {
            "minuten, minuut, min
            uren, uur
            kilometer, km
            kilo, kg"
        }
        _ => "",
    }
}

/// Everyday words of nearly one meaning, a group a line.
pub(super) fn everyday(language: Language) -> &'static str {
    match language {
        Language::En => {
            "price, cost, fee, charge, rate
            phone, telephone, call, number
            mail, email, e-mail
            kids, children, child
            location, located, address, directions
            appointment, booking, reservation
            book, reserve
            discount, deal, promotion, coupon, break
            refund, reimburse, money back
            buy, purchase
            staff, team, employees
            doctor, physician, dr
            parking, park, garage
            holiday, holidays, vacation
            closed, close, shut
            delete, remove
            fix, repair
            start, begin
            end, finish
            big, large
            photo, picture, image
            warranty, guarantee
            login, sign in, log in
            car, vehicle
            job, jobs, careers, hiring
            wheelchair, accessible, accessibility
            late, delay
            teeth, tooth
            company, business
            pay, payment"
        }
        Language::De => {
            "preis, kosten, kostet, gebühr
            geöffnet, offen, öffnungszeiten, sprechzeiten
            telefon, anrufen, rufnummer
            adresse, anschrift
            termin, buchung, reservierung
            rabatt, ermäßigung, nachlass
            arzt, doktor
            parken, parkplatz, parkplätze
            kinder, kind
            urlaub, ferien"
        }
        Language::Es => {
            "precio, coste, costo, cuesta, vale, tarifa
            abierto, abren, abre, horario
            teléfono, llamar
            dirección, ubicación
            cita, reserva
            descuento, rebaja
            aparcar, aparcamiento, estacionamiento, parking
            niños, niño"
        }
        Language::Fr => {
            "prix, coût, coûte, tarif
            ouvert, ouverture, horaires
            téléphone, appeler
            adresse, lieu
            rendez-vous, réservation
            remise, réduction
            enfants, enfant
            parking, stationnement"
        }
        _ => "",
    }
}
