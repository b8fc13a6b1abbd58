"""The English that a story of a reader is written in.

Belongs here: words that may stand in a model's sentence, in their plain form, and how they bend.
Does not belong here: what may not be said although its words are known (`vocabulary`), words that
need a fact (`claims`).

A closed list is what makes a sentence safe whoever wrote it: a name in lower case, a number in
another language or an insult is not in it. A good word that is missing costs a sentence; add it.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from journey_dagster.insights.vocabulary import listed

_STEMS: Final = listed(
    """
    a able about above absorb accent access accompaniment accompany accomplish account
    accumulate achieve across act action active activity actual adapt add addition adopt advance
    adventure afar affection affinity afield afresh after afternoon again agenda agile ahead aim
    align alike alive all allow allure almost alone along alongside already also alter although
    altogether always am amass ambitious amble amid among amongst amount ample amuse an anchor
    and anew angle animate anniversary announce another answer anticipate any apart app appeal
    appear appearance appetite apply appreciate approach approximate apt arc archive are area
    aren't argue arise around arrange arrangement arrival arrive art article article's as aside
    ask asleep aspect assemble assist assortment assume astonish at attach attempt attend
    attention attract audience author autumn avenue avid await awake away awhile back backbone
    backdrop backlog balance band base basis be beacon bear beat became because become bedrock
    been before began begin beginner beginning begun behave behavior behaviour behind being
    believe belong beloved below beneath bent beside best better between beyond bicycle big
    bigger bike billow bird bit bitten blanket blend blog bloom blossom blow boast body bold
    book bookend bookmark boom boost born both bounce bound boundless bouquet branch breadth
    break breathe breather breeze brew bridge brief bright brighter brim bring brisk broad
    broaden brought browse browser brush budding build built bump bunch bundle burnt burst
    busier bustling busy but by cadence calendar call calm calmer came campaign can canvas cap
    capacity capture care carry carve cast casual catalogue catalyst catch catch-up category
    caught cause celebrate center centre century certain challenge champion chance change
    channel chapter charm chart chase check cheerful cherish chime choice choose chose chosen
    chronicle chunk circle city claim class classic classy clear clearly climate climb cling
    clock clockwork close closer cluster coax coexist coffee cohort coincide collect collection
    collective color colour column combine come comeback comfort comfortable coming command
    commit commitment common community compact companion company compare compass compelling
    compete compile complement complete compose concentrate concern conclude connect connection
    consecutive consider constant constantly constellation consume contain contender content
    context continue continuous contrast contribute contribution control conversation convince
    cool coordinate copy core corner cornerstone correct cosy could count counterpart country
    couple course cover cozy crack cradle craft crave craving create creative creator credit
    crescendo crest crisp crop crowd crown crucial cruise cry crystal cultivate curate curiosity
    curious curl current curve customary cut cuts cycle dab dabble daily dance dark dash dawn
    day day's daypart daytime deal dear debut decade decide decline decorate dedicate dedication
    deem deep deepen deeper deepest define definite defy degree delay delicate delight deliver
    delve demonstrate dense deny depend dependable deposit depth descend describe design desire
    desktop despite destination destroy detail determine detour develop device devise devote
    devotion devour dial diary did differ different dig digest diligent dimension dip direct
    direction disappear discern discover discovery discuss disperse display disposition distant
    distinct distinctive distribute distribution dive diverse diversity divide do does doesn't
    doing dominant dominate don't done doorway dot double doubt down downtime dozen drag draw
    drawn dream dreamt dress drew drift drive driven drop drove dry duration during dusk dwell
    dwelt dynamic each eager ear earlier earliest early earmark earn earnest earth ease easily
    easy eat ebb echo eclectic edge edit edition editorial effort effortless either elaborate
    elegant element elevate else elsewhere embark embrace emerge emphasis enable encompass
    encounter encourage end endless endure enduring energy engage engaged engagement engine
    engross enjoy enjoyable enough enrich ensure enter entertain enthusiasm enthusiast
    enthusiastic entire entry envelop epic equip era erupt escapade escape especially essay
    essence essential establish even evening evening-time evenly event eventual ever evergreen
    every everybody everyday everyone everything everywhere evident evoke evolution evolve exact
    exactly examine example exceed excel excellent except exceptional exchange excite exciting
    exclaim excursion excuse exercise exhibit exist expand expansive experience experiment
    expert expertise explain explode exploration explore explorer exposure express extend
    extensive extra extraordinary exude eye eyebrow fabric face facet fact factor fade fair
    fairly fall fallen familiar familiarity fan fancy far farthest fascinate fascination fashion
    fast fasten faster favor favorite favorites favour favourably favourite favourites feast
    feature feed feel fell fellow felt ferment fervent fetch few fewer fiction fidelity field
    figure fill filter final finale find fine finger finish firm firmly first firsthand fit
    fittingly five-star fix fixture flag flagship flair flat flavor flavour fleeting flexible
    flicker flip flock flood floor flourish flow flown fluent flurry flutter fly focus fold
    foliage follow follow-up fond fondly fondness foot foothold footing footpath footprint for
    forage force fore forecast forefront forge forgotten form former forth fortify forward found
    foundation fountain fragment frame framework frequency frequent fresh friend friendly fringe
    from front frontier frontrunner fruit fuel fulfil full fully fun fundamental further
    furthermore furthest gain gallery game gamut gap garden garner gateway gather gave gaze gear
    gem generous gentle genuine get gift give glance glide glimmer glimpse glow go go-to goal
    goes going gone good goodness got gotten grab graceful gracious gradual grain grand grasp
    grateful gravitate gravity graze great greater green greet grew grin grip groove ground
    groundwork group grow grown growth guess guide gush habit habitual had half half-hour
    halfway hallmark halt hand handful handily handle hang hankering happen happily happy hard
    harmony harvest has have haven having he head heading headline headway heap hear heart
    heartbeat heartfelt hearth hearty heat heavier heavily heavy heed height heighten held help
    her herald here heritage hers hesitate hidden hide high higher highlight hike him himself
    hint his hit hive hobby hold holding home homely homepage hone honor honour hook hoover hop
    hope horizon hotly hotspot hour hours house hover how how-to however hub hue huge hum human
    humble hundred hung hunger hunt hurry hush idea identify identity if ignite illustrate image
    imagination imaginative imagine immediate immerse immersive impact impress impressive
    imprint improve impulse in inch inclination include inclusive increase indeed indicate
    individual indulge influence inform inhabit initial initiative ink inkling innate inner
    innovate input inquire inquiry inquisitive inside insight insightful insist inspect
    inspiration inspire instance instant instead instinct intake integral integrate intend
    intense intensify intensity intent interaction interest interesting interestingly interplay
    intersect intersection interval intimate into intriguing introduce introduction invent
    invest invite involve irregular irresistible is island isn't it it's item itinerary its
    itself jaunt jaunty jewel join joint jolt jot journey joy joyful judge juggle jump juncture
    just kaleidoscope keen keenly keep keepsake kept key keystone kick kickoff kind kindle
    kindred kitchen knack knock know knowledge known laid land landmark landscape lane languid
    lap large largely largest last lasting latch late late-night lately latent later latest
    latter laugh launch lavish lay layer layered lead leafy lean leap leapt learn learner
    learning learnt least leave led left legacy leisure leisurely lend length lengthy lens less
    lesser lesson lest let letter level libraries library lie life life's lifelong lift light
    lightly like likewise linear lineup linger list listen lit literary literature little live
    livelier lively loaf local locate location lock log logging logical long longer
    longest-running longtime look looking loom loop loose lot louder love lovely low lower loyal
    loyalty lull lure lurk lush luxuriate lyrical machine made madly magazine magic magnet
    magnetic magnitude main mainly mainstay mainstream maintain major make maker making
    malleable manage manifest manner many map marathon margin mark marked marker marvel
    marvellous marvelous mass master masterpiece mastery match mate material matter maximum may
    maybe me meadow meal meander meaningful meantime meanwhile measure median medium medley meet
    meld melody member memorable memory mentality mention mere merely mesmerise met metronome
    mid middle middling midpoint midst midweek might mild mile milestone mind mindful minds mine
    mingle miniature minor minute mirror miss mission mix mixture mode moderate modest moment
    momentary momentous momentum monopoly month monument mood moonlight more moreover morning
    morning's mosaic most mostly motif motion motivate mount mountain move movement much
    multifaceted multiple multitude muse music my mystery name narrate narrative narrator narrow
    natural nature navigate near near-constant nearly neat neatly necessary need neither nest
    nestle network never new newcomer newer newest newfound newly newness newsletter next nibble
    nice nicely niche night nightly nimble no noble nocturnal nod none nonetheless nonfiction
    nonstop nook nor normal nostalgia not notable notch note noteworthy nothing notice
    noticeable nourish novel novelty now nowhere nuance nudge number nurture oasis objective
    obscure observation observe obsession obtain obvious occasion occasional occupy occur ocean
    odd odyssey of off offbeat offer offering offhand often old-fashioned older on once one
    ongoing only onto onward open opener opening operate opposite opt or orbit order ordinary
    organic orient origin original other others our ours out outcome outdo outermost outing
    outlet outlets outlier outlook outnumber outpace outright outset outshine outweigh over
    overall overarching overflow overlap overlook overshadow overtake overtaken overview owl own
    pace pacing pack package page paid paint pair paired pairing palette palpable panorama paper
    parade paragraph parallel paramount part partial particular partner partway pass passage
    passerby passion passionate passively past pastime patch path patience patient pattern pause
    payoff peaceful peak pedal peek peek-in peep peer penchant people pepper peppered per
    perceive percolate perennial perfect perform perhaps period periodic perk permanent
    persevere persist persistence persistent person personal perspective persuade pervade petal
    phase phone photo phrase pick picture picturesque piece piecemeal pile pilgrimage pillar pin
    pinnacle pioneer pique pitch pivot place plain plan plant plateau play playful playground
    playlist pleasant please pleased pleasing pleasure pledge plentiful plenty plot plunge plus
    ply pocket pocketful podcast poetic poignant point poise poised polar polish ponder pool pop
    popular popularity pore portfolio portion portrait portray position possible post postpone
    potent potential pour power powerful powerhouse practical practice practise praise precede
    precious precise predict predictable predominant prefer preference preoccupation preoccupy
    prepare presence present preserve prestige pretty prevail prevent preview previous pride
    primarily primary prime prior probe proceed process procession produce productive profile
    profound progress project prolific prolong prominence prominent promise prompted pronounced
    proof propel properly proportion proportionate prospect protagonist protect proud prove
    proven provide provoke prowess publication publisher pull pulse punctual punctuate pure
    purpose pursue pursuer pursuit push pushing put puzzle quaint quality quantity quarry
    quarter quench quest queue quick quickest quiet quieter quietly quip quirk quite quota race
    rack radar radiate rainy raise rally ramble ran random rang range rank rapid rapport rapt
    rare rate rather ratio ravenous ray reach react read reader reader's readership readily
    reading real realise realize really realm reappear reason reassure rebound recall recap
    receive recent reciprocal recline recognise recognize reconnect record recount recur
    recurring redirect refer reference refine reflect reflection refrain refresh refuge regard
    regardless region register regret regular reign rejuvenate rekindle relate relationship
    relative relatively relax relay relentless relevance relevant reliable relish relocate rely
    remain remainder remark remarkable remember remind reminder remnant remove renew renowned
    repair repeat repeatable repeatedly repertoire replace reply report represent require
    research reserve reservoir resident resilience resolute resolve resonate respectable
    respective respite respond rest restart restless result resume resurface retain retrace
    retreat return reunite reveal revel reverie review revisit revitalise revive revolve reward
    rewarded rewind rhythm rhythmic rhythms rich richer richest richness ride right ring ripple
    rise risen riser ritual river rivet road roam robust rocket role roll romp room root rooted
    rose roster rotate rotation roughly round roundup rousing route routine rove row rub rule
    rumble ruminate run runaway runner runner-up runway rush sacred safe said sail same sample
    sampling sandwich sang sank satisfy saturate save savor savour savvy saw say scale scan
    scarce scatter scene schedule scholarly scope score scout scrapbook screen screenful scroll
    scrub sculpt sea seal seamless search seaside season seasonal seasoned seat second secondary
    section secure see seed seek seem seemingly seen segment seismic seldom select selection
    selective self sense sensible sent sentence sentiment separate sequel sequence serendipity
    serene series serious serve session session's set setting settle several sew shade shake
    shall shallow shape share sharp she shelf shift shimmer shine shipshape shone shop short
    shorter shortlist shot should shout show showcase showing shown shrank shrug shrunk side
    sideline sidestep sift sight sign signal signature significant signify silent silhouette
    similar simmer simple since sing single singular sink sit site sitting situate sizable size
    sizeable sketch skew skill skim skip sky slant sleek slender slept slice slid slide slight
    slip sliver slot slow slowdown slower small smart smattering smell smile smooth snap
    snapshot snapshots snippet snug so soak soar sofa soft soften softer sole solely solid
    solidify solitary solitude solve some something sometimes somewhat somewhere song soon
    soothe sophisticated sort sought soul sound source space spacious span spare spark speak
    special specific spectacular spectrum speed spell spellbound spelt spend spent spice spike
    spill spin spiral spirit splash spoke spoken sporadic sporadically sport spot spotless
    spotlight sprawl spread spread-out spree sprightly spring sprinkle sprint spur spurt
    stability stable stack stage stamina stamp stance stand standard standing standout staple
    star stare start startle stash state statement statistic statistics stats stay steadfast
    steadiest steady steep steer stellar stem step stick still stint stir stitch stocking stood
    stop stopping store storm story storybook storyline straight strand strategic stray streak
    stream strength strengthen strengthened stretch stride strike striking string strive strode
    stroke stroll strong stronger strongest strongly struck studious study stuff stunning sturdy
    style subdue subject subside substance substantial substantially subtle subtly succeed
    succession such sudden suffer suffuse suggest suit suitable suite sum summer summit sun
    sunlit superb superlative supplement supply support supreme sure surf surface surge surpass
    surprise surround survey suspend suspense sustain sustained swap swath swathe sweep sweet
    swell swift swing swirl switch swoop swung symbol symphony system table tack tackle tail
    tailor tailored take takeaway taken tale talent talk tally tangible tangle tantalise tap
    taper tapestry tapping task taste tasting taught teach team tease teem tell telling tempo
    temporary tempt tempted ten tend tendency tender tenderness tendril tentative tenure term
    terrain territory test tether texture than thankful that that's the theatre their theirs
    them thematic theme themselves then theory there there's thereby these they thick thicket
    thickness thin thing think third thirst this thorough those though thought thoughtful thread
    threshold thrill thrive throng through throughout throw thus thy tick tide tidy tie tight
    tightly till tilt time timeless timeline timely tinge tinker tint tiny tip tiptoe tireless
    title to toast today toe together togetherness told tonality tone tons too took tool top
    topic topical topmost topple torch total touch touchpoint touchstone tour toward towards
    towering town trace track traction trade trademark tradition trail train trajectory tranquil
    tranquility transform transition translate travel traverse tread treasure treasured treasury
    treat tree trek trend tribe tribute trickle trickling trip triumph triumphant trove true
    truly trust trusted trusty truth try tuck tune turn turnaround turnout tutorial twice
    twilight twinkle twist two type typical ultimate umbrella unassuming unbeatable unbeaten
    unbroken uncharted uncommon uncover undeniable under undercurrent underline underlying
    underscore understand undertake undertaking undivided undoubtedly uneven unexpected
    unfailing unfold unfolding unhurried uniform unifying uninterrupted unique unite universe
    unless unlike unlock unmatched unmistakable unparalleled unravel unrivalled unsung
    unsurprising until untold unusual unusually unveil unwavering up up-to-date upbeat upkeep
    upon upper upswing uptake uptick upturn upward upwards urge us usage use user usher usual
    utmost utter valley valuable value vanguard vantage variant variation varied variety
    variety-filled various vary vast vault veer vein venture veritable versatile verse version
    versus very via vibe vibrant vicinity video vie view viewer viewing vigor vigour vintage
    virtually visible visibly vision visit visitation visitor visual vital vivid vocabulary
    voice volume voracious voyage voyager wait wake walk wall wander wandering wane warm warm-up
    warmly warmth was wash wasn't watch water wave wavelength way waypoint we wealth wear
    weather weave web week week's weekday weekend weekend's weekly weight weighty welcome
    welcoming well wellspring wend went were what what's whatever whatever's when whenever where
    whereas wherever whet whether which whichever while whim whirl whirlwind whisk who whoever
    whole wholehearted wholesome wholly whom whose why wide widely widen wider widespread widest
    wild will willing willingness wind window wing winter wisdom wise wish wit with within
    without witness woke wonder wonderful wonderfully wondrous wood word work workday workhorse
    world worldly worry worth worthwhile worthy would wound wove woven wrap write writer writing
    wrote yardstick yearn yearning yet yield you you'd you'll you're you've your yours yourself
    zest zone
    data nine
    """
)


@lru_cache(maxsize=10_000)
def is_known(word: str) -> bool:
    """Whether a lower-case word is one of these, or one of them bent."""
    return any(form in _STEMS for form in _forms(word))


def _forms(word: str) -> Iterator[str]:
    plain = word.replace("\u2019", "'")
    yield plain
    for end in ("'s", "s'", "es", "s", "ed", "d", "ing", "ly", "er", "est", "r", "st", "ness"):
        if plain.endswith(end) and len(stem := plain.removesuffix(end)) > 1:
            yield stem
            yield f"{stem}e"
            yield f"{stem}le"
            if stem.endswith("i"):
                yield f"{stem[:-1]}y"
            if stem[-1] == stem[-2]:
                yield stem[:-1]
