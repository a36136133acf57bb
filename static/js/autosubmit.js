// <form data-autosubmit>: sends itself once. Without scripts its button is pressed by hand.
document.querySelector("form[data-autosubmit]")?.submit();
