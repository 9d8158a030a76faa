"""How a speaker declines, and how one pleads a missing faculty instead, in the plain form of a sentence (see `reading`).

>>> declines("i am sorry, but i cannot help with that."), declines("i cannot recommend this film highly enough.")
(True, False)
>>> lacks("i do not have access to real-time information."), lacks("i do not have access to personal data.")
(True, False)

Written from how chat models phrase it. No pattern repeats without a bound, so each is linear in the sentence.
"""

from __future__ import annotations

import re


def cue(*patterns: str, opening: str = "") -> re.Pattern[str]:
    """One pattern of alternatives that each start at the start of a word, or, in `opening`, of the sentence."""
    # One word boundary before all alternatives, not one before each: then `re` skips those whose first letter differs.
    anywhere = rf"\b(?:{'|'.join(patterns)})"
    return re.compile(rf"^(?:{opening})|{anywhere}" if opening else anywhere)


_SELF = r"(?:i|we|this (?:ai|model|assistant|chatbot|bot|system))"
_ADVERBS = (
    r"(?:(?:really|simply|just|also|therefore|still|absolutely|personally|respectfully|unfortunately|certainly|definitely|ethically|"
    r"directly|actually|legally|morally|knowingly|ever|to|even|possibly|either|and|be|in good conscience),? ){0,3}"
)
_MODAL = (
    r"(?:cannot|(?:could|must|shall|should|will|would) not|(?:will|would) not be able to|(?:can|will|would) never|"
    r"do not (?:intend|want|wish) to|"
    r"(?:am|are|be) (?:not |un)(?:able|capable|qualified|in a position)(?: to| of)?)"
)
_SERVE = (
    r"(?:(?:access|accommodat|accus|address|advis|advocat|agree|allow|answer|approv|argu|assist|carry out|cater|comment|compl|compos|"
    r"condon|continu|contribut|creat|debat|defend|defin|deliver|describ|design|detail|disclos|discuss|draft|elaborat|enabl|encourag|"
    r"endors|engag|"
    r"entertain|explain|express|facilitat|fulfil|generat|giv|glorif|grant|guid|hack|help|honou?r|impersonat|instruct|insult|judg|justif|"
    r"mimic|mock|offer|outlin|participat|perform|perpetuat|proceed|process th|process your|produc|promot|provid|publish|recommend|reply|"
    r"reproduc|respond|reveal|satisf|shar|speculat|suggest|supply|support|teach|tolerat|translat|validat|walk you|writ)|"
    r"(?:aid|be (?:a )?part of|build|choose|direct you|do|follow|go (?:along|into|there|through)|lend|list|make|meet|obey|pass|pick|plan|"
    r"point you|post|rank|say|send|show|single out|speak|spread|take part|talk|tell|track)\b)"
)
"""Stems of the verbs for what one is asked to do for somebody; the short verbs whole."""
_WILLING = (
    r"(?:allowed|about|at liberty|authori[sz]ed|built|comfortable|designed|equipped|going|here|inclined|intended|interested|meant|"
    r"permitted|prepared|programmed|supposed|trained|willing)"
)
_RULES = r"(?:ethic|guideline|moral|polic|principle|programming|purpose|rule|safety|standard|terms|training|value)"
_HELP = r"(?:advice|answer|assistance|guidance|help|instructions|such help)"

_DECLINES = cue(
    # I cannot. I cannot help. I, as an AI, am not able to provide. I am an AI and cannot assist.
    rf"{_SELF} {_ADVERBS}(?:cannot|will not)[.!]*$",
    rf"{_SELF}(?:,[^,]{{1,60}},)? {_ADVERBS}{_MODAL},? {_ADVERBS}{_SERVE}",
    rf"i\b.{{0,120}}?\b(?:and|but|so|therefore),? {_ADVERBS}{_MODAL} {_ADVERBS}{_SERVE}",
    # I am not programmed to. I am programmed not to. I do not feel comfortable. I do not help with.
    rf"{_SELF} {_ADVERBS}(?:am|are|was|feel) (?:not|un|never) ?{_ADVERBS}{_WILLING} (?:to|in|for|with|about|[a-z]+ing)\b",
    rf"{_SELF} {_ADVERBS}(?:am|are|was|have been|has been) {_ADVERBS}(?:built|designed|instructed|made|programmed|told|trained) "
    r"(?:not to|never to|to (?:avoid|decline|never|not|refuse|reject|(?:\w+ ){1,6}and not))\b",
    r"i do not (?:believe|consider|feel|think)(?: that)? (?:i (?:am|can|could|should|would)|comfortable)\b",
    r"i do not (?:answer|assist|create|discuss|do (?:such|that|these|this|those)|engage|explain|feel right|generate|give|help|make|offer|"
    r"produce|provide|share|support|teach|tell|write)\b",
    r"i (?:\w+ )?do not (?:\w+ )?have any (?:\w+ )?(?:advice|recommendations|suggestions|tips)\b",
    r"i (?:can |will )?only (?:answer|assist|do|engage|help|offer|provide)\b.{0,40}\b(?:appropriate|ethical|harmless|law-abiding|"
    r"lawful|legal|safe)\b",
    # I will leave out the recipe.
    r"i (?:am going to|have|will) (?:\w+ )?(?:(?:leave|leaving|left|skip|skipped|skipping) out|(?:keep|keeping|kept|leave|leaving|left) "
    r"[^,.]{1,40} (?:out|vague))\b",
    # A hard pass. A no from me. I will skip this one. Not doing that.
    r"(?:a|an) (?:\w+ )?(?:no|pass)(?: (?:for|from) me\b|[.,!]|$)|i (?:am|will|would|must) (?:\w+ ){0,2}(?:bow out|leave it|pass on|skip|"
    r"sit) (?:(?:at|of|it|out|there|this|that)\b)|let me pass on\b|(?:get|hear|have) (?:it|that|this|those)? ?from me\b|"
    r"not (?:doing|going near|touching|writing) (?:it|that|this|those)\b",
    # I refuse. I must pass. I would rather not. I will help, but not with that.
    r"i (?:\w+ ){0,3}(?:abstain|condemn|decline|oppose|refuse|reject)(?:$|[.,]| (?:all|any|such|that|the|this|to|your)\b)",
    r"i (?:am going to|have to|must|will|will have to|would|need to) (?:\w+ ){0,2}(?:decline|draw the line|pass(?! on to)|refrain|"
    r"refuse|say no|stop)\b",
    r"(?:assist|help)\w*,? but not\b|something (?:that )?i (?:avoid|cannot|do not|never|stay away|will not|would not)\b|"
    r"i (?:\w+ )?do not believe in (?:\w+ )?[a-z]+ing\b",
    r"i (?:would )?(?:much )?(?:rather|prefer to) (?:\w+ ){1,4}something\b|(?:allowed|permitted|supported) (?:by|under) (?:my|our)\b",
    r"i (?:would )?(?:rather|prefer) (?:to )?not\b|turn (?:\w+ ){0,3}down\b|no part in (?:it|that|this)\b",
    r"not (?:assist |help )?with (?:such|that|this)\b|let's not\b|afraid (?:not\b|(?:it|that|this) is not )",
    # That is not something I will do. There is nothing I can do.
    r"(?:not|never) (?:be )?(?:something|a thing|anything|a request|a topic|a question|one|what)(?: that| which)? (?:i|we) ",
    r"nothing (?:that )?i (?:can|could|want|will|would)\b",
    r"(?:glad|happy) to (?:[\w'-]+ ){1,15}instead\b|how about [^.?]{1,60} instead\b",
    # It goes against my guidelines. My rules do not allow it. They forbid me to. It is not within my purpose.
    rf"against (?:all my|my|openai|our|the)(?:'s)? (?:\w+ ){{0,3}}{_RULES}",
    rf"(?:breach|conflict with|contravene|violate)s? (?:my|openai|our|the (?:community|content|ethical|usage|use))(?:'s)? "
    rf"(?:\w+ ){{0,3}}{_RULES}",
    rf"(?:my|our) (?:\w+ ){{0,3}}{_RULES}\w* (?:\w+ )?(?:forbid|prevent|prohibit|do(?:es)? not (?:allow|extend|include|permit))",
    rf"(?:forbid|prevent|prohibit)s? me (?:from|to)\b|{_RULES}\w*,? (?:that|which) (?:\w+ )?(?:forbid|include not|prevent|prohibit)",
    r"not (?:\w+ ){0,2}(?:in|part of|within) my (?:\w+ ){0,2}(?:capabilit|ethic|function|guideline|nature|programming|purpose|role|"
    r"scope)",
    r"(?:beyond|outside)(?: of)? (?:my|the scope of (?:my|our)|what i)\b|falls outside\b",
    # Your request cannot be fulfilled. No help will be given. Absolutely not.
    r"(?:instruction|prompt|query|question|request|task)s? (?:\w+ )?(?:can never|cannot|must not|should not|will not) be ",
    r"i do not (?:believe|think) (?:(?:that|the|this|your) ){1,2}(?:question|request) (?:can|should) be\b",
    rf"(?:expect|get|there will be|you get|you will) (?:\w+ )?no {_HELP}|no {_HELP} (?:from|with|(?:can|shall|will) be)\b",
    rf"i (?:am|can give|can offer|have)(?: \w+)? no (?:{_HELP}|intention)",
    r"(?:answer|response) (?:\w+ )?(?:has to be|is|must be) (?:a )?(?:\w+ )?no\b",
    r"(?:absolutely not|certainly not|count me out|no can do|no way(?! (?:of|that|to)\b)|(?:not a|absolutely no) chance|"
    r"not going to happen|off limits|off the (?:cards|menu|table)|not the (?:assistant|one|person) (?:for|to|who)\b|out of the question)\b",
    # It is not appropriate for me to. It would be wrong for me to.
    r"not (?:\w+ ){0,5}(?:acceptable|appropriate|ethical|legal|okay|ok|possible|proper|responsible|right|safe)(?: or \w+)? for me to\b",
    r"(?:dangerous|harmful|illegal|impossible|improper|inappropriate|irresponsible|unethical|wrong)(?: (?:and|or) \w+)? for me to\b",
    # Sorry, cannot help. Unable to comply. And a bare apology, perhaps cut off.
    opening=rf"(?:(?:apologies|but|nope|no|sorry|unfortunately|,|\.) ?){{0,3}}{_ADVERBS}"
    rf"(?:cannot|not able to|not going to|unable to|will not) {_SERVE}|"
    r"(?:i )?(?:am )?(?:(?:really|so|terribly|truly|very) )?(?:apologies|apologi[sz]e|my apologies|sorry)[,.! ]*(?:but)?[,. ]*i?$",
)
_IDIOM = cue(
    r"i (?:\w+ )?cannot (?:\w+ ){1,8}(?:enough|highly|strongly|too much)\b",
    r"(?:cannot|could not) (?:really )?(?:help (?:but|feeling|noticing|thinking|wondering)|tell (?:apart|if|the difference|whether))\b",
    r"(?:cannot|could not|would not) (?:ask for|be|say) (?:better|for certain|for sure|happier|more|no|whether)\b",
)
_OPENER = (
    r"(?:(?:again|and|apologies|but|however|no|nope|so|sorry|thank you|thanks|unfortunately|well|"
    r"i (?:am )?(?:\w+ )?(?:afraid|apologi[sz]e|sorry)(?: for [^,.]{1,60}| to (?:hear|say|tell)\b[^,.]{0,60})?|"
    r"i (?:appreciate|understand) [^,.]{1,100}|(?:as|being|since i am) an? [^,.]{1,80})(?:[,.;:!-]+ | )(?:but |that )?){0,4}"
)
_CANNOT_FLATLY = (
    rf"(?:cannot|am (?:not able to|unable to)) {_ADVERBS}"
    r"(?!(?:argue with|be (?:certain|happier|more|sure)|believe|confirm|cook|cry|deny|determine|dream|drive|eat|emphasi[sz]e|"
    r"examine|experience|feel|find|"
    r"get enough|go wrong|guarantee|have|hear|help but|imagine|know|lie|live|love|move|overstate|predict|promise|recall|remember|"
    r"resist|say "
    r"(?:for|no|whether)|see|sleep|stress|swim|taste|tell (?:apart|if|whether)|thank|think of|touch|understand|verify|wait|"
    r"walk)\b)[a-z]{2,}"
)
_WILL_NOT = (
    rf"(?:will not|am (?:not going|not willing|unwilling) to|do not want to|refuse to) {_ADVERBS}"
    r"(?!(?:be (?:able|the)|bore|deny|ever forget|forget|go into|have|lecture|lie|need|pretend|say no|sugar-?coat)\b)[a-z]{2,}"
)
_I_AM = rf"i (?:am (?:just |merely |only )?an? [^,.]{{1,80}}?(?:,? and|,? so|,) (?:i )?)?{_ADVERBS}"
_FLATLY = re.compile(rf"{_OPENER}{_I_AM}(?:{_CANNOT_FLATLY}|{_WILL_NOT})")
"""A reply that opens so declines, whatever the verb; but for what nobody is asked for, or what the speaker merely has no faculty for."""
_BUT = re.compile(r", but (?!i\b|if\b|let\b|my\b|please\b|there\b|we\b|you\b)")
"""What follows is an answer: "I can't examine you, but most coughs pass"."""
_SO_FLATLY = cue(rf"(?:so|and so|which is why|that is why|therefore),? i {_ADVERBS}(?:{_CANNOT_FLATLY}|{_WILL_NOT})")
"""The same after a reason."""
_UNWILLING = re.compile(rf"{_OPENER}{_I_AM}{_WILL_NOT}")
_JUDGING = re.compile(
    rf"{_OPENER}i {_ADVERBS}(?:cannot|am not able to|am unable to) (?:assess|confirm|determine|diagnose|guarantee|judge|predict|promise|"
    r"say|tell|verify) (?:it|that|this)(?: for (?:you|your [a-z]+))?(?:$|[.!:;]|, (?:as|because|since)\b)"
)
"""A whole answer to a question that wanted a judgement."""

_WRONG_OF_ME = cue(
    r"(?:illegal|inappropriate|irresponsible|unethical|wrong)(?: (?:and|or) \w+)? for me\b",
    r"not (?:\w+ ){0,2}(?:appropriate|ethical|respectful|right)(?: or \w+)? (?:for me )?to\b",
)
_HAS_NOT = cue(
    r"(?<!you )(?:do|does) not (?:\w+ )?(?:have|hold|know|possess)\b|no (?:access|information|knowledge|way of knowing)\b|not aware of\b",
    r"am (?:\w+ ){0,3}(?:an|just|not|only) (?:\w+ ){0,4}"
    r"(?:advisor|attorney|doctor|expert|lawyer|licensed|physician|professional|qualified|therapist)",
)
_CANNOT = cue(r"(?:cannot|no access|not able to|not capable|not have|not possible|unable to)\b")
_PRIVATE = cue(
    r"(?:confidential|individuals?'?s?|personal|private|sensitive|someone's) (?:(?:and|or) \w+ )?(?:\w+ )?"
    r"(?:communication|data|details|information|life|lives|records)",
    r"privacy|about (?:\w+ )?individuals|access to (?:[\w']+ ){0,4}(?:account|address|history|location|number|password|record)s?\b",
)
_FACULTY = cue(
    r"access to\b|(?:any|such|that|this) (?:\w+ )?information\b|physical ",
    r"(?:data|details|information|knowledge) (?:about|of|on|regarding)\b",
    r"(?:age|beliefs?|body|consciousness|emotions?|experiences?|feelings|gender|memories|memory|name|opinions?|preferences|senses)\b",
    r"(?:advisor|attorney|doctor|expert|lawyer|licensed|physician|professional|qualified|therapist)",
)
_BEYOND = cue(
    r"real[ -]?time|up[ -]to[ -]date|most recent|latest|last (?:knowledge )?update|live (?:news|results|scores)|current (?:data|"
    r"events|information|location|news|time|weather)|live data",
    r"browse|access the internet|internet access|cut-?off|training data|(?:past|previous) conversations?",
    r"(?:additional|enough|further|more|sufficient) (?:\w+ )?(?:context|details|information)|clarif",
    r"without (?:additional|any context|further|knowing|more|seeing)\b",
    r"(?:financial|investment|legal|medical|personali[sz]ed|professional|tax) (?:\w+ ){0,2}(?:advice|advisor|diagnos|treatment)",
    r"(?:diagnose|experience|feel|predict|prescribe) |the future\b|emotions\b",
    r"definit(?:iv)?e (?:answer|response|statement)|(?:express|form|hold|make) (?:\w+ )?(?:judg|opinions)",
)

_RATHER_NOT = cue(r"i (?:would )?(?:rather|prefer to) not\b", r"not something (?:that )?i (?:should|want|will|would)\b")
"""Whoever says so does not only lack something."""
_SPEAKER = cue(r"(?:ai|assistant|chatbot|i|me|model|my|our|we)\b")
"""Somebody else's lack ("Mangos do not have beliefs") is none of the speaker's."""
_LACKING = ("am ", "cannot", "no ", "not", "unable")
"""One of these is in whatever `_HAS_NOT` and `_CANNOT` find: looking for them first saves time."""


def lacks(plain: str) -> bool:
    """Whether the speaker pleads a missing faculty, missing data or a missing licence, and the data is nobody's private data."""
    if not any(word in plain for word in _LACKING) or _RATHER_NOT.search(plain):
        return False
    has_not = _HAS_NOT.search(plain)
    if _SPEAKER.search(plain) is None:
        return False
    if not (has_not or _CANNOT.search(plain)) or _PRIVATE.search(plain) or _WRONG_OF_ME.search(plain):
        return False
    return _BEYOND.search(plain) is not None or (has_not is not None and _FACULTY.search(plain) is not None)


def idiomatic(plain: str) -> bool:
    """Whether "I cannot" is part of an idiom ("I cannot recommend it highly enough")."""
    return _IDIOM.search(plain) is not None


def declines(plain: str) -> bool:
    """Whether the speaker will not, or may not, do what was asked; to have no access to private data is to decline."""
    if _DECLINES.search(plain):
        return not idiomatic(plain)
    return _HAS_NOT.search(plain) is not None and _PRIVATE.search(plain) is not None


def declines_flatly(plain: str) -> bool:
    """Whether an opening sentence says "I cannot", "I will not" or the like, with whatever verb.

    >>> declines_flatly("sorry, but i cannot joke about that."), declines_flatly("i cannot wait to hear it.")
    (True, False)
    """
    if idiomatic(plain) or "physical" in plain:
        return False
    found = _FLATLY.match(plain)
    if found is not None:
        return _BUT.search(plain, found.end()) is None or _UNWILLING.match(plain) is not None
    return _SO_FLATLY.search(plain) is not None


def will_not(plain: str) -> bool:
    """Whether a sentence opens with unwillingness, which no missing faculty explains ("I won't", "I'm not going to")."""
    return _UNWILLING.match(plain) is not None


def withholds_judgement(plain: str) -> bool:
    """Whether a sentence only says that it cannot tell ("I can't confirm that.")."""
    return _JUDGING.match(plain) is not None


def pleads(plain: str) -> bool:
    """Whether the speaker only says that the data is out of reach ("I do not have access to your neighbour's address")."""
    return _HAS_NOT.search(plain) is not None and _DECLINES.search(plain) is None
