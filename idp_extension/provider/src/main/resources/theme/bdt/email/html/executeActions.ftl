<#import "template.ftl" as layout>
<@layout.emailLayout preview=msg("executeActionsAct")>
<p>${msg("hello", user.firstName!"", user.lastName!"")}</p>
<p>${msg("executeActionsWhy")}</p>
<@layout.identifiant/>
<p>${msg("executeActionsKeep")}</p>
<p>${msg("executeActionsAct")}</p>
<@layout.action label=msg("executeActionsLink")/>
<p>${msg("executeActionsIgnore")}</p>
</@layout.emailLayout>
