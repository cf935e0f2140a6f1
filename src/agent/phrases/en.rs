//! English.

use super::{Cues, Phrases, Theme};
use crate::agent::talk::Talk;

pub(super) const PHRASES: Phrases = Phrases {
    greeting: "Hello! How can I help you?",
    how_are_you: "I'm doing fine, thank you for asking. How can I help you?",
    thanks: "You're welcome! Is there anything else I can help with?",
    goodbye: "You're welcome, and goodbye! Have a good day.",
    bot: "I'm an AI assistant, not a person. I answer questions for {business} from its own \
        information, and I can pass you on to a member of the team.",
    capabilities: "I answer questions about {business} from its own information, such as opening hours, \
        prices and services. If I don't know something I say so, and I can pass you on to a \
        member of the team.",
    handover: "I'll connect you with our team: leave your name and phone number or e-mail here and a \
        team member will call you back.",
    noted: "Thank you, I have noted that for our team. A team member will get back to you.",
    abuse: "I'm sorry that this is frustrating. I'd like to help: tell me what you need, or leave \
        your name and phone number or e-mail and a team member will get back to you.",
    language: "Of course, you can write to me in English. Parts that I quote may be in the language \
        of our documents.",
    unclear: "Sorry, I didn't understand that. Could you put your question in a few words?",
    acknowledged: "Good. Is there anything else I can help with?",
    refusal: "I can't find that in our information, so I'd rather not guess. If you leave your name \
        and phone number or e-mail here, a team member will get back to you.",
    related: "I did not find exactly that. What comes closest in our information, though it may not answer you:",
    offer: "If you leave your name and phone number or e-mail here, a team member will get back to you.",
    unanswered: "About “{}” I found nothing in our information.",
    quoted: "Our documents say:",
    older: "An older document, “{}”, says otherwise; the newer one counts.",
};

pub(super) const CUES: Cues = Cues {
    greetings: "hi|hiya|hello|hey|hallo|helo|yo|howdy|greetings|good morning|good afternoon|good \
        evening|good day|morning|gm|hi again|hello again|nice to meet you|pleased to meet \
        you|how do you do|is anyone there|is anybody there|is someone there|anyone \
        there|anybody there|you there|are you there",
    how_are_you: "how are you|how are you doing|how are you today|how are you feeling|how r u|how are \
        u|how ya doin|how you doing|how you doin|how are things|how is it going|how's it \
        going|hows it going|how is your day|how is your day going|how's your day going|hows \
        your day going|how's your day|how was your day|how have you been|how do you feel|are \
        you good|are you ok|are you okay|are you well|what's up|whats up|what is \
        up|wassup|sup|how goes it|what's new",
    thanks: "thanks|thank you|thank u|thankyou|thank you so much|thank you very much|thx|thnx|tnx|tks|ty|tysm|cheers|much appreciated|appreciate it|i appreciate it|i \
        appreciate that|i appreciate your help|appreciate your help|i appreciate the help|many \
        thanks|thanks a lot|thanks a bunch|thanks so much|thanks a million|that helps|that \
        helped|that was helpful|that is helpful|that's helpful|very helpful|i am grateful|i'm grateful|for the help|for your help|for helping|for \
        helping me|for your time|for the info|for the information|for the answer|for that|for \
        everything|for all your help|for the chat|for the quick answer|you've been helpful|you \
        have been helpful|you were helpful|you helped a lot|great help|big help|for me",
    goodbye: "bye|bye bye|byebye|goodbye|good bye|good night|goodnight|see ya|see you|see you \
        later|see you soon|see you then|cya|later|talk to you later|ttyl|take care|have a good \
        one|have a nice one|have a good day|have a nice day|have a great day|have a good \
        night|have a good evening|have a nice evening|have a good weekend|have a nice \
        weekend|have a great weekend|that's all|thats all|that is all|that will be all|that'll \
        be all|that's it|thats it|that's everything|i'm done|im done|no more questions|nothing \
        else|no that's all|it was a pleasure|good talk|until next time|catch you \
        later|gotta go|i have to go|i gotta go|farewell|so long|no thanks|no thank you|no \
        thx|nope thanks|i'm good thanks",
    bot: "who are you|what are you|what's your name|what is your name|whats your name|your \
        name|who am i talking to|who am i chatting with|who am i speaking to|who am i speaking \
        with|am i talking to a real person|am i talking to a human|am i talking to a bot|am i \
        talking to a person|am i talking to a machine|am i speaking to a human|am i speaking \
        with a real person|am i chatting with a bot|am i chatting with a human|is this a \
        bot|is this a robot|is this ai|is this an ai|is this a human|is this a real person|is \
        this a chatbot|is this chatgpt|is this automated|is this a machine|is this a \
        computer|real person or bot|human or bot|bot or human|bot|are you chatgpt|what do you \
        call yourself|can i ask your name|what may i call you|what should i call you|who made \
        you|how old are \
        you|are you alive|are you real|do you have feelings|do you sleep",
    capabilities: "what can you do|what can you do for me|what do you do|what can i ask|what can i ask \
        you|what can you help with|what can you help me with|how can \
        you help|how can you help me|how do you work|how does this work|what do you know|what \
        can you answer|what can you tell me|what are you able to do|can i ask you anything|what are \
        your capabilities|what is your purpose|what do you offer me|help|help me|can you help \
        me|can you help|could you help me|i need help|i need some help|can i ask you \
        something|can i ask you a question|can i ask a question|i have a question|i have some \
        questions|i have a few questions|i've got a question|quick question|i got a \
        question|question",
    acknowledgements: "ok|okay|okey|kk|k|great|perfect|cool|nice|awesome|excellent|wonderful|fantastic|amazing|brilliant|super|alright|all \
        right|got it|understood|i see|i understand|sounds good|makes sense|good to know|fair \
        enough|sure|fine|very good|very nice|that's great|that's good|that's nice|thats \
        great|thats good|good|lovely|oh i see|right|wow|noted",
    fillers: "there all everyone everybody team guys folks friend mate dude man sir madam ma'am maam \
        bot ai alexa siri robot assistant chatbot please pls plz lol haha hehe lmao well so oh \
        ah um uh hmm just then now again very really much today and but for you again dear \
        buddy pal computer anyway btw",
    verbs: "talk speak chat call connect transfer contact reach get put forward switch phone ring \
        hear pass",
    persons: "human person someone somebody anyone anybody agent representative rep operator \
        receptionist staff employee manager supervisor advisor consultant colleague \
        attendant specialist",
    wish: "want wanna need like prefer rather can could may let have give me i'd would wish how \
        must",
    around: "a an the to with real actual live living human person someone else from your at in on \
        office front desk team member staff please pls now today right away directly instead \
        of not bot robot machine computer ai this is it's just really i me my you u who whom \
        there any one here back asap by phone over want wanna need like rather prefer can \
        could may let have give would wish get put how do be and through customer service \
        support help line nobody yes no hey hi hello ok okay possible possibly immediately \
        already finally sir for sb so that only speaking talking",
    callback: "call me|call me back|ring me|ring me back|phone me|call back|callback|a callback|a \
        call back|return my call|get back to me|contact me|reach out to me",
    insults: "fuck fucking fucked fck fuk shit shitty bullshit crap crappy bitch asshole ass \
        arsehole bastard idiot idiotic stupid dumb dumbass moron retard retarded suck sucks \
        sucked useless worthless pathetic garbage trash rubbish damn dammit hell wtf stfu shut \
        hate cunt dick prick piss pissed screw loser annoying terrible awful horrible lame",
    insult_around: "up off you your you're youre ur u are is this that's thats it's its such a an the \
        piece of off so very really totally absolutely bot robot machine ai chatbot thing and \
        i hate of what go to isn't isnt not helping helpful working doesn't work waste time my \
        no",
    complaints: "this isn't helping|this isnt helping|this is not helping|that's not helpful|not \
        helpful|that didn't help|that does not help|that doesn't help|you don't understand|you \
        dont understand|you are not helping|you're not helping|this is frustrating|i'm \
        frustrated|wrong answer|that's wrong|that is wrong|that's not what i asked|that is not \
        what i asked|this is ridiculous|unbelievable",
    languages: "english",
    say: "speak talk write respond reply answer chat continue switch change language in to \
        please can could we you your me from now on i need want setting the would like let's",
    yes: "yes|yes please|yeah|yep|yup|sure|please do|ok please|yes i would|yes i do",
    themes: &[
        Theme {
            talk: Talk::Bot,
            needs: [
                "human bot robot computer machine ai artificial person real chatbot program",
                "you u this yourself i it",
            ],
            around: "are a an the do consider being or would be classified as secretly actual live \
                living actually really just some kind of is intelligence not r were am talking \
                chatting speaking to with",
        },
        Theme {
            talk: Talk::Bot,
            needs: [
                "made make makes create created creating creator built build design designed designer \
                 programmed programmer developed developer invented inventor responsible trained",
                "you your",
            ],
            around: "who whom which company person people is was were are the by has for did",
        },
        Theme {
            talk: Talk::Bot,
            needs: [
                "hobby hobbies fun spare free age name",
                "you your you're yourself",
            ],
            around: "what what's whats when which do does have any are is an a for as in the again \
                time tell me know can may could ask i if like doing to on should use talk again how",
        },
        Theme {
            talk: Talk::Bot,
            needs: ["old", "you"],
            around: "how are exactly were tell me",
        },
        Theme {
            talk: Talk::Capabilities,
            needs: [
                "ask answer answers know help handle",
                "questions question things thing topics \
                topic subjects subject categories category stuff kind kinds type types sort sorts",
            ],
            around: "what which all can could may do does you u i me the of are is that different \
                about with able to other sorts",
        },
        Theme {
            talk: Talk::Language,
            needs: [
                "language",
                "change need want new other another different switch speak use",
            ],
            around: "i you your the a an to can could please would like in setting settings",
        },
        Theme {
            talk: Talk::Thanks,
            needs: [
                "thank thanks thx gratitude grateful appreciate appreciated glad happy",
                "you your much for that so very lot it this me",
            ],
            around: "i i'm im am a the all really have my we to of with everything assistance time \
                info information answer answers help helping helped today kindly sincerely truly \
                did done doing was is quick service kind",
        },
        Theme {
            talk: Talk::Goodbye,
            needs: [
                "nice great good lovely pleasant pleasure fun enjoyed",
                "chat conversation talking chatting speaking talk",
            ],
            around: "it was a this has been to with you our the really very i had meeting again",
        },
    ],
};
