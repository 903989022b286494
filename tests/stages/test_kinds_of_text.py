# ruff: noqa: E501, RUF001
"""Filters on texts that are not plain prose: code, formulas, tables, quotations, dialogue, other scripts; each
with texts that must stay and texts that must go.
"""

import pytest

from pipeline.records import Chunk
from stages.drop_poor_answers import DropPoorAnswers
from stages.drop_poor_chunks import DropPoorChunks
from stages.drop_poor_questions import DropPoorQuestions
from tests.stages.make import example, instruction

ASKED = "Explain this, please, as you would to a student: what is it and how is it used?"

SOUND_QUESTIONS = [
    # words that prompts have too
    "How did the Roman army change over the course of three centuries?",
    "How do you parse a JSON string into an object in Python?",
    "Which subjects should a good course on first aid cover, and in what order?",
    "What does this class do?\n\n```python\nclass Counter:\n    def __init__(self):\n        self.n = 0\n```",
    "What is a syllabus, and who writes it at a university?",
    "What are the key concepts of thermodynamics?",
    "How did the war change the course of European history?",
    "Which drugs belong to the class of beta blockers?",
    "Why do rivers change course after a flood?",
    "I have a homework question about photosynthesis: what does chlorophyll do?",
    "Validate this JSON object and list its keys: it has a name, an age and a city.",
    "What was decided in the first session of the Continental Congress?",
    # words of refusals
    "What should the app show when the user wants to undo a deletion?",
    "How do I split my training data into three parts for validation?",
    "Why might a customer say “I'm sorry, but I cannot pay today”, and what is a good reply?",
    "I need to come up with a name for my new cat. Do you have any ideas?",
    "How would you, as an AI researcher, measure progress in translation?",
    # braces
    "What does the character { mean in a C program?",
    r"Explain $f(x)=\left\{\begin{array}{ll} x & x>0 \\ -x & x \le 0 \end{array}\right.$ and sketch its graph.",
    "Why must every { be closed by a } in JSON?",
    r"Is the set $\{x \in \mathbb{R} : x > 0\}$ open?",
    "What does `}` end in Java, and what does `{` begin?",
    # options
    "Which of the following is a mammal?\n- Shark\n- Dolphin\n- Tuna",
    "What is $x$ if $2x+4=28$? Which of the following is right? $\\textbf{(A)}\\ 12\\qquad\\textbf{(B)}\\ 16$",
    "Which of these is heavier: a kilogram of lead or a kilogram of feathers?",
    "Which of the following is a noble gas? (a) oxygen (b) neon (c) chlorine",
    "Which of these is a prime number? 21, 23, 25 or 27?",
    "Which of the following is a verb?\n• run\n• red\n• river",
    "Which option is the capital of France: Lyon, Paris, or Nice?",
    "Which of the following is a mammal?\nＡ．鲨鱼\nＢ．海豚",
    "Which of these is a fruit (apple, carrot, leek)?",
    "Which of the following is a metal?\n\n| 1 | 2 |\n|---|---|\n| iron | wood |",
    # repetition
    "What comes next in the sequence 1, 1, 2, 1, 1, 2, 1, 1, 2, 1, 1?",
    "What is the determinant of [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]?",
    "What is the sum 2 + 2 + 2 + 2 + 2 + 2 + 2 + 2?",
    "What does this print? `for i in a: print(i); for i in a: print(i); for i in a: print(i)`",
    "Tell me why this joke is not funny.\n\nKnock knock!\nWho's there?\nBanana.\nBanana who?\nKnock knock!\n"
    "Who's there?\nBanana.\nBanana who?",
    "How does a cold front differ from a warm front?",
    "What is the difference between climate and climate change?",
    "How does climate affect climate models?",
    "What is the role of water in water wheels, and of time in time travel?",
    "How does a change in prices differ from a change in demand?",
    "What does the sentence “He ran home” mean in the past perfect?",
    "How does the poem “Ozymandias” suggest that power ends?",
    "Is quantum physics a branch of physics or of mathematics?",
    "How far is it between New York and New York City?",
    "How do reinforcement learning and deep reinforcement learning differ?",
    "What is deep learning, and how does it differ from machine learning?",
    "What is supervised machine learning, and how does it relate to machine learning?",
    "What is machine learning, and how does it differ from machine learning engineering?",
    "Why do more and more people leave the city, and where do most of them go?",
    "Ann Smith is as old as Ann Brown, and Ann Brown is eight. How old are both girls next year?",
    "What is the difference between weather and climate?",
    "What is learning, and how does it relate to machine learning?",
    "What is calculus, and how does it apply to the field of physics?",
    "Why is the fear of fear itself so strong, and who sang the song of songs?",
    "How do human rights and rights in war differ?",
    "What is the difference between String and string in C#?",
    "How does March differ from march?",
    "How do genes influence genes in other cells?",
    "Is the inverse of the inverse of a matrix the matrix itself?",
    "How do self and self.x differ in Python?",
    "What is the type of {'a': 1} in Python?",
    "What does the HTML tag <title> do?",
    "Tom has 3 apples, Ann has 3 apples and Ben has 3 apples. How many apples do they have?",
    'What does f"{name} is {age}" print in Python?',
    "I can't open a jar of honey. What should I do?",
    "I cannot see the board from my seat. What lens do I need?",
    "I don't have access to a kitchen. What can I cook?",
    "Okay, I need to boil an egg. How long does it take?",
    "What does »Das ist kein Spaß« mean?",
    "Why is the word “résumé”—two pages at most—spelt so?",
    # what stands right behind the word for it
    "Is the given function f(x) = 2x one-to-one? Why?",
    "How does the author of the text Hamlet use irony?",
    "What is the output of the given code `print(2 + 3)`?",
    'Who wrote the poem "The Raven", and when?',
    "What is the median of the given list [3, 1, 2]?",
    "What is the rhyme scheme of the following lines: roses are red, violets are blue?",
    "Balance the following reaction: H2 + O2 -> H2O. Which is the limiting one?",
    "What does the author of the poem Ozymandias say of power?",
    # data that are nobody's
    "How do I clone git@github.com:torvalds/linux.git over SSH?",
    'What is the xmlns attribute in <svg xmlns="http://www.w3.org/2000/svg"> for?',
    "Sort the numbers 415 300 2671 and 212 456 7890 by size. Which is first?",
    "Why does http://localhost:8080/health answer 404 when the server runs?",
    "Which network is 192.168.1.10 in, and why is http://10.0.0.1/ not reached from outside?",
    "What is the meaning of @context in JSON-LD with https://schema.org/Person?",
    "Is ISBN 978-0-306-40615-7 a valid number? Compute its check digit.",
    "Which day of the week was 1969-07-20 20:17 in Houston?",
    "How do I send mail to user@example.com with Python?",
    "How many seconds are 365 24 3600 multiplied together?",
    # other scripts and emoji
    "What does the emoji 😂 mean in a text message?",
    "Was bedeutet der Begriff „Freiheit“ für die Aufklärung?",
    "What does the Russian word спасибо mean?",
    "How do you say “good morning” in Japanese: おはようございます or こんばんは?",
    # a brace that is spoken of, and a smiley
    "Why does CSS need a } at the end of each rule?",
    "Wozu dient die } am Ende einer CSS-Regel?",
    "What is the meaning of :-} and :-{ in chats?",
    # options behind the question, or set apart in it
    "Which of these planets is the largest? Mars, Jupiter, or Venus",
    "Which of the following countries is in Asia? Japan, Peru, or Kenya?",
    "¿Cuál de estas ciudades es capital? Lima, Cusco o Arequipa",
    "Which of the following is a fruit — carrot, apple, or leek?",
    "Which of the following is an odd number, 4, 7 or 10?",
    "Which one of these is a gas at room temperature (iron, helium, mercury)?",
    # what is quoted may repeat
    'Translate "ha ha ha ha ha" into Spanish.',
    # the text is named
    "What is the moral of the story of the fox and the grapes?",
    "How do you find the main idea of a paragraph?",
    "How do I change the colour of the text in CSS?",
    "What is the main idea of the theory of relativity?",
    # two words that say what three say in English
    "중력이란 무엇입니까?",
    "Fotosentez nedir?",
]


@pytest.mark.parametrize("question", SOUND_QUESTIONS)
def test_sound_questions_stay(question: str) -> None:
    assert DropPoorQuestions().judge(instruction(question)) is None


POOR_QUESTIONS = [
    ("Which elements of art does [topic] have?", "question_has_template"),
    ("Which topic of the syllabus explains how alleles are inherited?", "question_leaks_prompt"),
    ("Using the key concepts, explain how alleles are inherited in peas.", "question_leaks_prompt"),
    ("What did we learn about alleles in this course?", "question_leaks_prompt"),
    ("Based on the material covered in the class session, what is a gene?", "question_leaks_prompt"),
    ("What are the objectives of the Genetics course, and how do they relate?", "question_leaks_prompt"),
    ("What is the main topic discussed in the lecture on genes?", "question_leaks_prompt"),
    (
        "How does the course describe the role of enzymes? What does the course cover?",
        "question_leaks_prompt",
    ),
    ('{"question": "Why do cells divide by mitosis?"}', "question_leaks_prompt"),
    ("I'm sorry, but I can't help with that request. What else can I do?", "question_refused"),
    ("Okay, the user wants a question on genes. What is a gene?", "question_refused"),
    ("As a language model, I would ask: what is a gene?", "question_refused"),
    ("Lo siento, pero no puedo ayudar con eso. ¿Qué más?", "question_refused"),
    ("抱歉，我无法回答这个问题。你还想问什么？", "question_refused"),
    ("What does the sum \\frac{1}{2 + 3 equal in this case?", "question_has_broken_markup"),
    ("What is the primary role of the gene in peas?}, {", "question_has_broken_markup"),
    ("Which of the following is a mammal?", "question_without_options"),
    ("Which of these options is the capital of France?", "question_without_options"),
    ("¿Cuál de los siguientes es un mamífero?", "question_without_options"),
    ("What is the output of the following Python code?", "question_needs_what_is_not_given"),
    ("What is the data type of the given list?", "question_needs_what_is_not_given"),
    ("What does the author of the passage think of war?", "question_needs_what_is_not_given"),
    ("Compute $3 \times 4 + \theta$ when $\theta = 2$. What do you get?", "question_has_broken_markup"),
    ("Show that $\nabla \\cdot B = 0$ and explain what it means.", "question_has_broken_markup"),
    ("What is $x \neq y$ called, and when does it hold?", "question_has_broken_markup"),
    ("Why is $\rho$ used for density, and what is \rightarrow?", "question_has_broken_markup"),
    ("What is the value of \\sin\theta + \tan(x) at zero?", "question_has_broken_markup"),
    ("Compute \frac{1}{2} of 4, please. What is it?", "question_has_broken_markup"),
    ("Find \beta if \\alpha is 2. What is it?", "question_has_broken_markup"),
    ("What does \text{mol} mean in this unit?", "question_has_broken_markup"),
    ("What does the emoji mean in a text mess\ufffdge?", "question_is_damaged"),
    ("Was bedeutet der Begriff â€žFreiheitâ€œ fÃ¼r die AufklÃ¤rung?", "question_is_damaged"),
    ("Â¿QuÃ© es la fotosÃ\xadntesis y dÃ³nde ocurre?", "question_is_damaged"),
    ("Why donâ€™t penguins fly, and what do they eat?", "question_is_damaged"),
    ("РџСЂРёРІРµС‚, как дела, что нового?", "question_is_damaged"),
    ("What is honey\u2060 made of, and by\u200b whom?", "question_is_damaged"),
    ("What is honey?\U000e0049\U000e0067 Who makes it?", "question_is_damaged"),
    ("What is \u202ehoney\u202c made of?", "question_is_damaged"),
    ("How does Genetics differ from Genetics in Genetics?", "question_is_circular"),
    ("What is the difference between climate and climate?", "question_is_circular"),
    ("How is photosynthesis related to photosynthesis in plants?", "question_is_circular"),
    (
        "What is Human Genetics, and how does it relate to Human Genetics and Human Biology?",
        "question_is_circular",
    ),
    (
        "What is data science, and how does it differ from data science, and who needs it?",
        "question_is_circular",
    ),
    ("What is the climate change impacts and climate change impacts?", "question_is_circular"),
    ("What is climate change in climate change?", "question_is_circular"),
    ("What is the equation for supply, and what is the TAFP of TAFP?", "question_is_circular"),
    ("What is climate, and how does it relate to weather and climate?", "question_is_circular"),
    (
        "What is the term data science, and how does it apply to the field of data science?",
        "question_is_circular",
    ),
    ("What is Human Genetics and Genetics in Humans?", "question_is_circular"),
    ("What is the main topic of biology in biology, and why?", "question_is_circular"),
    ("How many people does the sentence say?", "question_needs_what_is_not_given"),
    ("What does the paragraph suggest to its reader?", "question_needs_what_is_not_given"),
    ("What is the title of the article on personal writing?", "question_needs_what_is_not_given"),
    ("How do old cultures relate to Ancient Egypt and Ancient Egypt?", "question_is_circular"),
    ("Why is soil science or soil science a field of study?", "question_is_circular"),
    ("What is a black hole, and why is it different from the black hole?", "question_is_circular"),
    ("Why is music a music of music for music?", "question_repeats_words"),
    ("Write to Ann at ann.lee@mail.org: why do peas differ so much?", "question_has_personal_data"),
    ("Call me at +1 415 300 2671 about the peas. Why do they differ?", "question_has_personal_data"),
    ("My phone is 415-300-2671. Who else should I give it to?", "question_has_personal_data"),
    ("What is wrong with https://joes-garage.biz/jobs?id=4 today?", "question_has_personal_data"),
    ("Is the card 4000 0566 5566 5556 still valid? Whom do I ask?", "question_has_personal_data"),
    ("Can you read ssh logins of jane.roe@uni-bonn.de for me, please?", "question_has_personal_data"),
    ("Why is it that дети похожи на своих родителей, and how do genes work?", "question_mixes_scripts"),
    ("1. 1. 1. 2. 3. 4. 5. 6. What comes after these?", "question_has_bare_list"),
    ("Here is a question that meets the requirements: How do plants breathe?", "question_leaks_prompt"),
    ("Here's your question: How do plants breathe?", "question_leaks_prompt"),
    ('```json\n{"question": "How do volcanoes form?"}\n```', "question_leaks_prompt"),
    ("What is the main idea of the passage?", "question_needs_what_is_not_given"),
    ("What is the moral of the story?", "question_needs_what_is_not_given"),
    ("What is the author's tone in the passage?", "question_needs_what_is_not_given"),
    ("What is the central theme of the poem?", "question_needs_what_is_not_given"),
    ("Which of the following is true? Explain your answer.", "question_without_options"),
    ("Which of these sentences is grammatically correct?", "question_without_options"),
    ("What is the capital of France?}", "question_has_broken_markup"),
    ("What is the role of the role of the role of the role?", "question_repeats_itself"),
    ("Photosynthesis basics", "no_question_asked"),
    ("The term", "question_too_short"),
]


@pytest.mark.parametrize(("question", "reason"), POOR_QUESTIONS)
def test_poor_questions_go(question: str, reason: str) -> None:
    verdict = DropPoorQuestions().judge(instruction(question))
    assert (verdict.reason if verdict else None) == reason


SOUND_ANSWERS = [
    # stories, dialogue, software
    '"I\'m sorry, but the train has left," said the guard, and Anna sat down on her suitcase to wait.',
    "The plan covers prototyping first. When the user wants to undo a step, the app shows a banner.",
    "Anna: I cannot help with that.\nBen: Why not?\nAnna: I have no key.",
    "Tell them: “I apologize, but I cannot attend the meeting on Friday.”",
    "As an AI engineer, she designs systems that learn from data.",
    # things that are named again for a reason
    "Quantum physics is a branch of physics, really, really and truly; so are both optics and acoustics.",
    "Bread is made of bread flour, water and salt; it went on again, and again, and again.",
    "If the allele is dominant, the plant is tall, and if the allele is not, the plant is tall as well.",
    "Iron is strong, copper is soft, iron is magnetic, and copper is not.",
    "She read novels by Jane Austen, essays by Orwell, and letters by Jane Austen.",
    "Supervised learning needs labels, unlike clustering, and is like reinforcement learning and deep reinforcement learning.",
    # code
    "You can count the names with a loop:\n\n```python\nages = {}\nfor name in names:\n    ages[name] = ages.get(name, 0)\n```",
    '```java\nList<Person> people = new ArrayList<>();\npeople.add(new Person("Ada"));\n```',
    "In Ansible a loop variable is written as {{ item }}, for instance:\n\n```yaml\n- apt: name={{ item }}\n```",
    "```js\n// TODO: handle errors\nfunction f() { return 1; }\n```",
    "Run `git clone <your-repo-url>` and then `cd` into it.",
    "A dictionary is read by its key, as in prices[product] or rates[date], and a list by its place.",
    "for name in names:\n    ages[name] = ages[name] + 1\n    print(ages[name])",
    "The brace `{` opens a block in C.",
    "Use Map<String, Person> people = load(); and iterate over its values.",
    "```\nint f(int x) {\n    if (x) {\n        return 1;\n    }\n    return 0;\n}\n\nint g(int x) {\n    while (x) {\n"
    "        if (x > 3) {\n            x--;\n        }\n        x--;\n    }\n    return x;\n}\n```",
    "```html\n<ul>\n  <li>\n  </li>\n  <li>\n  </li>\n  <li>\n  </li>\n</ul>\n```",
    "SELECT name FROM people\nWHERE age > 30;\nSELECT name FROM people\nWHERE age > 40;",
    "system: Linux\nrelease: 6.1\nThese are the two fields that the command prints.",
    "Read it with `requests.get('https://api.coin.io/v1/prices')` and look at the status.",
    "BERT replaces a word by `[MASK]`, and T5 pads with `<pad>`.",
    # tables and lists
    "| day | lunch |\n|---|---|\n| Monday | rice |\n| Tuesday | rice |\n| Wednesday | rice |",
    "- Python\n  - Pros:\n    easy\n- C\n  - Pros:\n    fast\n- Go\n  - Pros:\n    simple",
    "1. 12\n2. 15\n3. 20\n4. 31\n5. 40",
    # ends
    "शहद मधुमक्खियों द्वारा फूलों के रस से बनाया जाता है और यह छत्ते में जमा किया जाता है ताकि सर्दियों में भोजन मिल सके।",
    "شہد مکھیاں پھولوں کے رس سے شہد بناتی ہیں اور اسے چھتے میں جمع کرتی ہیں تاکہ سردیوں میں خوراک مل سکے اور وہ زندہ رہیں۔",
    "蜂蜜是蜜蜂从花蜜中酿造的。它们把花蜜带回蜂巢。",
    "Մեղուները մեղր են պատրաստում ծաղիկների նեկտարից և պահում այն փեթակում ձմռան համար։",
    "ንቦች ከአበባ ማር ይሠራሉ እና በቀፎ ውስጥ ለክረምት ያከማቹታል ይህም ምግባቸው ነው።",
    "ผึ้งทำน้ำผึ้งจากน้ำหวานของดอกไม้และเก็บไว้ในรังเพื่อใช้เป็นอาหารในฤดูหนาว",
    "巴黎",
    "तीन",
    # other scripts that are spoken of
    "The Russian word for thank you is спасибо (spasibo), and please is пожалуйста.",
    "In Japanese, 猫 (neko) means cat, and 犬 (inu) means dog.",
    'The Hebrew greeting "שלום" is used for hello and for goodbye.',
    "The Arabic name محمد is written from right to left.",
    "Hello: Привет\nGoodbye: Пока",
    # encodings that only look broken
    "É a capital: São Paulo is not, and Ångström was a Swede; naïve Zoë pays 5 € or £4.",
    "The Persian word می‌خواهم has a joiner, and 👩‍🔬 has one too.",
    "The table of the file:\nname\ttheta\nrow\ttan is a colour\nnew line, now eq. 3 follows.",
    # a role's name that no turn has
    "user: root\nhost: db1\nThese lines tell who is logged in.",
    "system: macOS\nuser: ann\nshell: zsh\nThese are settings.",
    "Human: a member of the species Homo sapiens.\nAnimal: any other creature.",
    "Assistant: a person who helps. Manager: a person who leads.",
    # scripts that a text speaks of; a full stop that two scripts share
    "Hangul 한국어 stands for the Korean language.",
    "The Chinese proverb 塞翁失马，焉知非福 teaches that luck may turn.",
    "The Sanskrit root कृ means to do.",
    "দিল্লি।\nকলকাতা।\nমুম্বাই।",
    # sets
    "The set {red, green, blue} has three elements, and {a} has one.",
    # people of letters
    "Trees draw water through their roots. My dear reader may wonder how it climbs: it is pulled, not pushed.",
]  # fmt: skip


@pytest.mark.parametrize("answer", SOUND_ANSWERS)
def test_sound_answers_stay(answer: str) -> None:
    assert DropPoorAnswers(max_second_script=0.05).judge(example(answer, question=ASKED)) is None


REPEATED = "It is made by bees that fly from flower to flower in spring."
POOR_ANSWERS = [
    ("Honey is made by bees from nectar.</s>", "answer_has_chat_marker"),
    ("Honey is made by bees from nectar.<end_of_turn>", "answer_has_chat_marker"),
    ("Honey is made by bees. <unk> <unk> It is sweet.", "answer_has_chat_marker"),
    ("<think>\nThe person asks about bees.\n</think>\n\nHoney is made by bees.", "answer_has_chat_marker"),
    ("I should recall what honey is.\n</think>\n\nHoney is made by bees.", "answer_has_chat_marker"),
    ("<reasoning>\nBees make it.\n</reasoning>\nHoney is made by bees.", "answer_has_chat_marker"),
    ("user: What is honey?\nassistant: It is made by bees.", "answer_has_chat_marker"),
    ("Honey is made by bees.\nuser: And wax?\nassistant: It too.", "answer_has_chat_marker"),
    ("I cannot assist with that request, as it is about honey.", "answer_refused"),
    ("Unfortunately, I don't have access to the internet to look for honey.", "answer_refused"),
    ("Je suis désolé, mais je ne peux pas répondre à cette question.", "answer_refused"),
    ("Es tut mir leid, aber ich kann dabei nicht helfen.", "answer_refused"),
    ("“I'm sorry, but I can't help with that.”", "answer_refused"),
    ("Hmm, let me think. The user asks about honey. It is made by bees.", "answer_refused"),
    ("Dear [insert name], honey is made by bees and it is sweet.", "answer_has_template"),
    ("The capital of <country> is a large town with many bees.", "answer_has_template"),
    ("Hello {{ name }}, honey is made by bees and it is sweet.", "answer_has_template"),
    ("```python\ndef f(x):\n    # TODO: implement this\n    pass\n```", "answer_has_template"),
    ("```python\ndef f(x):\n    # your code here\n    pass\n```", "answer_has_template"),
    ("蜂蜜是蜜蜂从花蜜中酿造的。\n它们把花蜜带回蜂巢。\n因此蜂蜜很甜，而且", "answer_without_end"),
    ("मधुमक्खियाँ फूलों से रस लाती हैं। वे उसे छत्ते में रखती हैं और फिर सर्दियों में जब फूल नहीं होते तब वे", "answer_without_end"),
    ("Bees fly out in spring, when it is warm, and they bring the nectar home to the", "answer_without_end"),
    ("- Bees bring nectar home to the hive in spring.\n- They dry it with their", "answer_without_end"),
    ("It is \\(x = \times 3\\) in the end, and that is all.", "answer_has_broken_markup"),
    ("It is {the sum of \\frac{1}{2} and all of that.", "answer_has_broken_markup"),
    ("def f(x):\nreturn x + 1", "answer_has_broken_markup"),
    ("Honey is mess\ufffdge, made by bees from nectar in spring.", "answer_is_damaged"),
    ("Le miel est crÃ©Ã© par les abeilles Ã\xa0 partir du nectar.", "answer_is_damaged"),
    (f"{REPEATED} {REPEATED} Then they rest.", "answer_repeats_itself"),
    ("Bees and wax and bees and wax and bees and wax and bees and wax are here.", "answer_repeats_itself"),
    ("It is very, very, very sweet.", "answer_repeats_itself"),
    ("- Engaging and interactive\n- Simple\n- Engaging and interactive\n- Engaging and interactive", "answer_repeats_items"),
    ("1. Honey\n2. Wax\n3. Honey\n4. Pollen", "answer_repeats_items"),
    ("The kinds are: 1. Honey 2. Wax 3. Honey 4. Honey.", "answer_repeats_items"),
    ("1. 1. 1. 2. 3. 4. 5. 6. 7. 8. 9. 10. 11. 12.", "answer_has_bare_list"),
    ("1. 1\n2. 2\n3. 3\n4. 4\n5. 5", "answer_has_bare_list"),
    ("Genetics is the study of genetics.", "answer_is_circular"),
    ("The human body consists of the human body, organs, and bones.", "answer_is_circular"),
    ("Genetics deals with heredity, biology, and biology.", "answer_is_circular"),
    ("The firm sells derivatives, derivatives, and other products of banks.", "answer_is_circular"),
    ("It shows the human capacity for both awe and awe.", "answer_is_circular"),
    ("Genetics is about genes. Biology, on the other hand, is a branch of biology that deals with life.", "answer_is_circular"),
    ("The body has organs, including the brain, nervous system, heart, and nervous system.", "answer_repeats_itself"),
    ("Photosynthesis differs from photosynthesis in many ways, such as light.", "answer_is_circular"),
    ("Fats are a type of fat that provides energy to the body.", "answer_is_circular"),
    ("I'm afraid I can't help with that.", "answer_refused"),
    ("In my daily life, I use honey to sweeten tea and to bake bread.", "answer_tells_own_life"),
    ("When I was a child, my mother kept bees behind the house.", "answer_tells_own_life"),
    ("As a student, I use honey each day to stay awake in the evening.", "answer_tells_own_life"),
    ("Write to the keeper at karl.imker@bienen.de for a jar of honey.", "answer_has_personal_data"),
    ("The сapital of Frаnce is Pаris, аnd it lies оn the river Seine.", "answer_mixes_scripts"),
    ("Water is 水 and it 流动 through the 河流 down to the sea.", "answer_mixes_scripts"),
    ("The capital of {country} is large and has many bees.", "answer_has_template"),
    ("Hello {name}, honey is made by bees.", "answer_has_template"),
    ("मधुमक्खियाँ शहद बनाती हैं। वे इसे छत्ते में रखती हैं और फिर", "answer_without_end"),
    ("తేనెటీగలు తేనె తయారు చేస్తాయి. అవి దానిని గూటిలో ఉంచుతాయి మరియు తర్వాత అవి అక్కడ", "answer_without_end"),
    ("Human: Hello there.", "answer_has_chat_marker"),
    ("user: what is honey?\nassistant: it is made by bees.", "answer_has_chat_marker"),
    ("An allele is a form of a gene, 等位基因是基因的一种形式 as they say.", "answer_mixes_scripts"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "reason"), POOR_ANSWERS)
def test_poor_answers_go(answer: str, reason: str) -> None:
    verdict = DropPoorAnswers().judge(example(answer, question=ASKED))
    assert (verdict.reason if verdict else None) == reason


@pytest.mark.parametrize("finish", ["stop", "STOP", "eos", "end_turn", "stop_sequence", "COMPLETE"])
def test_a_stop_is_an_end(finish: str) -> None:
    assert DropPoorAnswers().judge(example(answer_finish=finish)) is None


@pytest.mark.parametrize(
    "finish", ["length", "max_tokens", "content_filter", "tool_calls", "error", "abort", "SAFETY", "unknown"]
)
def test_any_other_reason_is_a_cut(finish: str) -> None:
    verdict = DropPoorAnswers().judge(example(answer_finish=finish))
    assert verdict.reason == "answer_cut_off"
    assert verdict.got == finish


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (
            "Write a conversation between a user and a bot about air.",
            "User: How is the air?\nBot: It is clean.",
        ),
        ("Write a short story about a keeper of bees.", "When I was a child, my mother kept bees."),
        (
            "Tell me about your childhood as if you were Newton; pretend to be him.",
            "I was born in Woolsthorpe.",
        ),
    ],
)
def test_a_voice_that_was_asked_for_is_sound(question: str, answer: str) -> None:
    assert DropPoorAnswers().judge(example(answer, question=question)) is None


CHUNKS = [
    (
        "தேனீக்கள் பல பூக்களிலிருந்து தேனைச் சேகரித்து தங்கள் வயிற்றில் வீட்டிற்கு எடுத்துச் செல்கின்றன, அங்கு நொதிகள் அதை எளிய "
        "சர்க்கரைகளாக மாற்றத் தொடங்குகின்றன. பின்னர் அவை அதை உலர்த்துகின்றன.",
        None,
    ),
    (
        f"{REPEATED} The price was <s>10</s> 8 euros for a jar. The keeper sells it at the market of the town.",
        None,
    ),
    ("It is made by bees.", "chunk_too_short"),
    (
        f"{REPEATED} The keeper <|im_start|> sells it at the market of the town, and so on.",
        "chunk_has_special_token",
    ),
    (
        f"{REPEATED} The keeper sells it at the mark\ufffdt of the town, and they fly home.",
        "chunk_is_damaged",
    ),
    (
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31",
        "chunk_of_few_letters",
    ),
]


@pytest.mark.parametrize(("text", "reason"), CHUNKS)
def test_chunks(text: str, reason: str | None) -> None:
    chunk = Chunk(
        id="1",
        parent_id="d",
        document="n",
        title="",
        quality=None,
        start=0,
        text=text,
        n_tokens=50,
        before="",
    )
    verdict = DropPoorChunks().judge(chunk)
    assert (verdict.reason if verdict else None) == reason
