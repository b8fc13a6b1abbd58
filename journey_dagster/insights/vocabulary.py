"""Words that a model may not write of its own, and the few that may begin a sentence.

Belongs here: lists of words and phrases. Does not belong here: words that are allowed where a fact
bears them out (`claims`), marks and letters (`grounding`).

The lists are of English, the language that models are asked for. They are meant to be too strict:
a sentence that is dropped costs little, one that misleads costs trust.
"""

import re
from collections.abc import Mapping
from typing import Final

COUNTS: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
)  # fmt: skip
"""Numbers that English spells out, by value."""


def any_of(*lines: str) -> re.Pattern[str]:
    """Finds any of these words or phrases, each a regular expression, as whole words."""
    told = "|".join(word for line in lines for word in line.split(", "))
    return re.compile(rf"(?<![a-z])(?:{told})(?![a-z])")


def listed(text: str) -> frozenset[str]:
    """The words of a text, one by one."""
    return frozenset(text.split())


IDIOMS: Final = any_of(
    "one of, this one, that one, the one, once again, once more, at once",
    "at first glance, second nature, second home",
    "(?:in a|on a|busiest|longest|biggest|most active) single, in all, all told",
    "all in all, in total, above all, of all, more or less, or less, ever since",
    "at times, rather than, other than, more than just",
    "(?:days?|hours?) of (?:the|your) week, of your week, accounts? for, in order",
    "accounted for, a great deal, no wonder, no doubt, no surprise, no small",
    "(?:your|a|the) story",
    "(?:sessions?|visits?|them|they|to|it|that|usually|typically) last",
    "falls? (?:on|in|into|between), followed by, in between, more than once, by far",
    "part of, more than one (?:day|occasion), you once, another one",
    "one (?:that|you), no one, adds? up to, (?:it|of it|through it) all, all along",
    "all about, back and forth",
    r"(?:spread|scattered|ranged?|ranges|wander\w*)(?: your attention| out)? over",
    "most likely, start(?:s|ed)? (?:early|the day|your day|out), getting started",
    "just started, just begun, begins? (?:strong|early|well)",
    "(?:lasting|genuine|real|great|of) interest",
    "once (?:held|was|were|had|drew|took), half the time, half-hour, calls? for, no longer than",
    "over the months, by month, month by month",
    "site's, over time, first and foremost, time and again, time and time again",
)
"""Phrases whose words mean something else than they do alone."""

BANNED: Final[Mapping[str, re.Pattern[str]]] = {
    "link": any_of(
        "https?, www, url, urls, html, links?, websites?, hyperlinks?",
        r"dot (?:com|org|net|io|de), \w+\.\w+, \w+ dot \w+",
    ),
    "number": any_of(
        "(?:zero|one|two|three|four|five|six|seven|eight"
        r"|nine(?! (?:out )?of ten)|(?<!nine of )(?<!nine out of )ten|eleven|twelve)(?:s|th|fold)?",
        r"thirds?, thirteen\w*, (?:four|fif|six|seven|eigh|nine)teen\w*, fourths?",
        r"quarter\w*, fifth, eighth, ninth, twelfth, second, seconds",
        r"\w*(?:twent|thirt|fort|fift|sixt|sevent|eight|ninet)(?:y|ies|ieth)\w*",
        r"\w*hundred\w*, \w*thousand\w*, \w*[mbtr]illion\w*, \w*dozen\w*, scores? of",
        r"once, twice, thrice, single, double\w*, doubling, triple\w*, tripling",
        r"quadrupl\w*, percent\w*, per cent, couple, pair, handful, trio, duo, majority",
        r"minority, minus, plus, negative, times, per, apiece, tenth\w*, nil, naught",
        r"nought, minutes?, halves, halve[ds]?, multipl\w*, numbers?, equals?",
        "(?=[mdclxvi]{2})(?!mix)m*(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})",
    ),
    "date": any_of(
        "january, february, march, april, may, june, july, august, september, october",
        "november, december, jan, feb, mar, apr, jun, jul, aug, sept?, oct, nov, dec",
        "(?:mon|tues|wednes|thurs|fri|satur|sun)days?, mon, tues?, wed, thurs?, thu, fri",
        r"sat, sun, spring(?:time)?s?, summer\w*, autumn\w*, fall, winter\w*, christmas",
        "easter, holidays?, yesterday, today, tonight, tomorrow, nowadays, ago",
        r"fortnight\w*, \w*weeks, midweek",
        r"(?:last|this|past|next|per|a|previous|recent) week, years?, yearly, annual\w*",
        "decades?, century, centuries, the (?:next|other|previous|following) day",
        "day (?:before|after), this (?:month|morning|evening|afternoon)",
        "(?:last|past|next) month, new year, birthday, anniversary",
    ),
    "advice": any_of(
        "should, ought, must, need to, have to, let's, let us, try, tries, consider",
        r"click\w*, tap, (?:to|and|please|or|now|then|also|by) visit, buy\w*, purchas\w*",
        r"order\w*, subscri\w*, sign up, sign in, log ?in, log on, login, download\w*",
        r"install\w*, \w*passwords?, passcode, pin, cards?, bank\w*, accounts?, call",
        r"phone, e-?mails?, contact\w*, send, transfer\w*, pay, paying, payments?",
        r"wallet\w*, bitcoin\w*, crypto\w*, free, offers?, discount\w*, deals?, prizes?",
        r"win, winn\w*, gifts?, coupon\w*, promo\w*, verif\w*, urgent\w*, warning\w*",
        r"ignor\w*, instruct\w*, prompts?, system, assistant, admin\w*, hack\w*, virus\w*",
        r"malware, recommend\w*, suggest\w*, why not, don.t, make sure, be sure",
        r"remember to, check out, please, advice, advis\w*, follow us, join us, share",
        r"tell, refund\w*, secrets?, tokens?, urge\w*, invest\w*",
    ),
    "sensitive": any_of(
        r"health\w*, unhealthy, sick\w*, ill, illness\w*, diseas\w*, diagnos\w*",
        r"cancer\w*, tumou?r, diabet\w*, depress\w*, anxi\w*, therap\w*, medic\w*",
        r"symptom\w*, patients?, doctors?, hospital\w*, pregnan\w*, bab(?:y|ies)",
        r"fertil\w*, disab\w*, insomni\w*, sleep\w*, overweight, obes\w*, diet\w*",
        r"alcohol\w*, drunk\w*, drugs?, addict\w*, lonel\w*, suicid\w*, injur\w*",
        r"allerg\w*, autis\w*, adhd, hiv, aids, mental\w*, stress\w*, grie\w*, trauma\w*",
        r"religio\w*, faith\w*, pray\w*, god, church\w*, mosque\w*, christian\w*",
        r"muslim\w*, islam\w*, jew\w*, hindu\w*, buddh\w*, atheis\w*, politic\w*",
        r"democrat\w*, republican\w*, liberal\w*, conservative\w*, socialis\w*",
        r"communis\w*, vot(?:e|er|ers|ed|ing), elections?, left-wing, right-wing",
        r"activis\w*, union member, sexual\w*, sexy?, gay, lesbian\w*, bisexual\w*, queer",
        r"transgender, lgbt\w*, dating, marri\w*, divorc\w*, wife, husband, girlfriend",
        r"boyfriend, famil(?:y|ies), child\w*, kids?, parent\w*, gender, male, female",
        r"m[ae]n, wom[ae]n, boys?, girls?, age, aged, old, young\w*, retire[ds]?",
        r"racial\w*, ethnic\w*, immigra\w*, nationalit\w*, citizen\w*, money, debts?",
        r"loans?, bankrupt\w*, broke, poor, (?:are|is|get|getting|become|you.re) rich",
        r"wealth\w*, salar\w*, income\w*, unemploy\w*, jobless, mortgage\w*, financ\w*",
        r"afford\w*, crim\w*, arrest\w*, prison\w*, convict\w*, personalit\w*",
        r"neurotic\w*, obsess\w*",
    ),
    "claim": any_of(
        # what no fact can bear out: always and never, the least, what did not happen or will
        "always, never, every, everyday, each, daily, hourly, monthly, nightly, only",
        "all, (?<!than )any, anything, everything, anywhere, everywhere, nobody",
        r"everybody, nothing, nowhere, none, entire\w*, whole\w*, complete\w*, total\w*",
        r"exclusive\w*, sole\w*, forever, ever, perfect\w*, without, not, no, nor",
        r"neither, cannot, \w+n['\u2019]t, hardly, barely, scarcely, rare\w*, seldom, avoid\w*",
        r"skip\w*, refus\w*, hat(?:e|ed|es), dislike\w*, fail\w*, least, fewest, shortest",
        r"lowest, smallest, worst, quietest, slowest, average\w*, mean, means, meant",
        "will, would, could, might, going to, gonna, soon, future, next, shall",
        r"expect\w*, likely, probabl\w*, perhaps, maybe, because, due to, thanks to",
        r"caus\w*, therefore, hence, explain\w*, consistent\w*, steady, steadily",
        r"stead\w*, stable, unchanged, regular\w*, reliabl\w*, without fail",
        r"relentless\w*, power user\w*, half of your (?:events|days|time), equally",
        "you.{0,5} (?:wrote|met(?! the)|published|posted|uploaded)",
        r"(?:users|readers|others|people) (?:have|had|are|were|read|log\w*|do|did) more",
        r"w(?:rites?|rote) (?:for|about|in), published (?:by|in), overt(?:ak|ook)\w*, prefer\w*",
        r"surpass\w*, eclips\w*, outsh\w*, instead of, replac\w*",
        r"noon, midday, midnight, dawn, dusk, sunrise, sunset, lunch\w*, breakfast",
        r"dinner, bedtime, o.clock, am, pm, a\.m\., p\.m\., morning coffee",
    ),
}
"""What is dropped wherever a model writes it, by reason."""

ORDERS: Final = re.compile(
    "(?:^|[,;:—\u2013] ?| - | (?:so|then|just|now) )(?:keep|take|go|come|read|check|see|look|open"
    "|explore|enjoy|start|stop|continue|give|make|watch|find|get|use|write|type|enter|stay|run"
    "|set|do|be|visit|try)(?![a-z])"
)
"""A verb where an order would have it."""

STARTERS: Final = listed(
    """
    a about nine across activity add adding additionally after against all along alongside also
    altogether amid among an and another apart appearing around arriving as at attention back
    based before beginning behind being beneath besides between beyond both building but by
    clearly clocking close closest closing coming compared counted counting covering curiosity
    despite dipping diving drawing during early especially even evenings events exploring far
    few finally first fittingly following for fresh from further given going gradually half here
    hidden hours how however in indeed interest interestingly interests into it its just last
    late lately latest leading less little logging longer looking mainly making many meanwhile
    midway month months more moreover mornings most mostly moving much naturally nearly nights
    notable notably noticeably now of often on once or other out outside over overall pages part
    particularly passing peak plenty presence previously quietly quite ranging rather reaching
    reading recent recently returning right rising roughly running sessions settling several
    showing similarly since slowly so some something sometimes spanning spread standing starting
    staying still stretching such taken taking than that the then there these they things this
    those though through throughout to together top topics topping tracing true truly turning
    typically under unsurprisingly until up usually was weaving weekdays weekend weekends what
    whatever when whenever where whether which while who winding with within working yet you
    your yours
    """
)
"""A sentence begins with one of these, or with a fact; any other first word may be a name."""
