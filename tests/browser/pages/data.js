// Read by the page itself, whose origin is opaque: content is readable by any.
fetch("data.json")
  .then((answer) => answer.json())
  .then((data) => {
    document.getElementById("data").textContent = data.text;
  });
