<#import "template.ftl" as layout>
<@layout.emailLayout preview=msg("passwordResetAct")>
<p>${msg("hello", user.firstName!"", user.lastName!"")}</p>
<p>${msg("passwordResetWhy")}</p>
<@layout.identifiant/>
<p>${msg("passwordResetAct")}</p>
<@layout.action label=msg("passwordResetLink")/>
<p>${msg("passwordResetIgnore")}</p>
</@layout.emailLayout>
