<#import "template.ftl" as layout>
<@layout.emailLayout preview=msg("passwordChangedWhat")>
<p>${msg("helloAccount")}</p>
<p>${msg("passwordChangedWhat")}</p>
<p>${msg("passwordChangedSessions")}</p>
<p>${msg("passwordChangedStray")}</p>
</@layout.emailLayout>
