/**
 * What people begin with when they are asked for a long password: words, names, walks over a keyboard. A password that
 * is little more than these is one of the first that anybody tries.
 */
export const COMMON_STEMS: readonly string[] = [
  ..."password passwort passw motdepasse contrasena parola senha mypassword changeme secret letmein".split(
    " ",
  ),
  ..."welcome default admin administrator root guest login user test testing sysadmin superman batman".split(
    " ",
  ),
  ..."iloveyou loveyou lovely sunshine princess monkey dragon football baseball basketball soccer hockey".split(
    " ",
  ),
  ..."master shadow michael jordan jennifer charlie freedom whatever trustno starwars computer internet".split(
    " ",
  ),
  ..."summer winter autumn spring monday friday january december company enterprise server database".split(
    " ",
  ),
  ..."hello helloworld flower ginger cookie chocolate cheese pepper banana orange purple killer hunter".split(
    " ",
  ),
  ..."qwerty qwertz azerty qwertyuiop asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx qazwsxedc wsxedc edcrfv".split(
    " ",
  ),
  ..."1q2w3e 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz 2wsx 3edc 4rfv 1qaz2wsx q1w2e3r4 zaq1 xsw2 zaq12wsx".split(
    " ",
  ),
  ..."correct horse battery staple wishub woaini nihao mima wang zhang".split(" "),
];
