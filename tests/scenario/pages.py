"""Small pages, each with and without the feature that a scenario asks for."""

from __future__ import annotations

HEAD = "<!doctype html><meta charset=utf-8><title>Library</title>"

TASKS = (
    HEAD
    + """
<h1>tasks</h1>
<input class=new placeholder="What is to be read?">
<ul class=all></ul>
<footer hidden>
  <span class=count></span>
  <ul><li><a href="#/">All</a></li><li><a href="#/read">Read</a></li></ul>
  <button class=clear>Clear completed</button>
</footer>
<script>
const box = document.querySelector('.new'), list = document.querySelector('.all');
const count = document.querySelector('.count'), footer = document.querySelector('footer');
function shown() {
  const open = list.querySelectorAll('input:not(:checked)').length;
  footer.hidden = list.children.length === 0;
  count.innerHTML = `<strong>${open}</strong> ${open === 1 ? 'item' : 'items'} left`;
}
function add(text) {
  const item = document.createElement('li');
  item.innerHTML = '<input type=checkbox> <label></label> <button>Delete</button>';
  item.querySelector('label').textContent = text;
  item.querySelector('input').onchange = shown;
  item.querySelector('button').onclick = () => { item.remove(); shown(); };
  list.append(item);
  box.value = '';
  shown();
}
box.onkeydown = event => { if (event.key === 'Enter' && box.value) add(box.value); };
document.querySelector('.clear').onclick = () => {
  list.querySelectorAll('input:checked').forEach(each => each.parentElement.remove());
  shown();
};
</script>"""
)

ACCOUNT = (
    HEAD
    + """
<div id=message></div>
<main></main>
<script>
const main = document.querySelector('main'), message = document.querySelector('#message');
function say(text) { message.textContent = text; }
function inside() {
  main.innerHTML = '<h2>Reading room</h2><a href="#">Logout</a>';
  main.querySelector('a').onclick = () => { say('You left the reading room!'); outside(); };
}
function outside() {
  main.innerHTML = `<form><label for=u>Username</label><input id=u>
    <label for=p>Password</label><input id=p type=password><button><i> Login</i></button></form>`;
  main.querySelector('form').onsubmit = event => {
    event.preventDefault();
    if (document.querySelector('#u').value !== 'ada') return say('Your username is unknown!');
    say('You entered the reading room!');
    inside();
  };
}
outside();
</script>"""
)

CONTROLS = (
    HEAD
    + """
<h1>Controls</h1>
<p id=box><input type=checkbox> A checkbox</p><button>Remove</button><p id=said></p>
<script>
const box = document.querySelector('#box'), button = document.querySelector('button');
button.onclick = () => {
  document.querySelector('#said').textContent = 'Wait a moment...';
  setTimeout(() => {
    const gone = button.textContent === 'Remove';
    box.hidden = gone;
    button.textContent = gone ? 'Add' : 'Remove';
    document.querySelector('#said').textContent = gone ? "It's gone!" : "It's back!";
  }, 300);
};
</script>"""
)

SHELF = (
    HEAD
    + """
<nav><ul><li><a href="/">Home</a></li></ul></nav>
<h1>Shelf</h1>
<form><label>Title <input name=title></label><label>Password <input type=password></label>
<label>Confirm password <input type=password></label><label>Copies <input type=number></label>
<label>Language <select><option>English<option>French</select></label>
<label><input type=checkbox> On loan</label><label><input type=radio> Hardback</label>
<button type=button>Add</button></form>
<h2>Read</h2><ul class=read><li>Emma <button>Lend</button></li></ul>
<table><tr><th>Book</th></tr><tr><td>Emma</td></tr></table>
<p id=said hidden></p>
<script>
const said = document.querySelector('#said');
document.querySelector('form button').onclick = () => {
  const item = document.createElement('li');
  item.textContent = document.querySelector('[name=title]').value;
  document.querySelector('.read').append(item);
};
document.querySelector('.read button').onclick = () => {
  if (confirm('Lend it?')) { said.hidden = false; said.textContent = 'Lent'; }
};
</script>"""
)

OPENING = (
    HEAD
    + """
<h1>Shelf</h1>
<a href="/help" target="_blank">Help</a>
<a href="data:text/csv,Emma" download="books.csv">Export</a>
<p></p>
<script>
if (location.pathname === '/help') {
  document.title = 'Help';
  document.querySelector('p').textContent = 'How to lend';
}
</script>"""
)

FIELDS = (
    HEAD
    + """
<input type=search placeholder="Find a book" aria-label="Search the shelf">
<label>Town <input list=towns></label><datalist id=towns><option>Bath<option>York</datalist>
<label>Copies <input type=number></label>
<label>Quality <input type=range min=0 max=100 value=50></label>
<label>Note <textarea></textarea></label>
<fieldset><legend>Cover</legend>
<label><input type=radio name=c> Hard</label><label><input type=radio name=c> Soft</label>
</fieldset>
<ul><li><input type=checkbox> Emma</li><li><input type=checkbox> Persuasion</li></ul>
<button>Lend</button><button>Return</button>
"""
)

ECHO = (
    HEAD
    + """<label>Said <input></label><p></p>
<script>document.querySelector('input').oninput = event => {
  document.querySelector('p').textContent = event.target.value;
};</script>"""
)
