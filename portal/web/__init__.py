"""The pages: translate a form into a call, call, render. Nothing more."""
