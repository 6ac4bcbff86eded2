<#-- For which structure? Shown when several qualify and none was named. One button a structure; it works without script. -->
<#import "template.ftl" as layout>
<#import "field.ftl" as field>
<@layout.registrationLayout; section>
    <#if section = "header">${msg("structureTitle")}<#elseif section = "form">
    <p>${msg("structureText", (client.name)!client.clientId)}</p>
    <#if (qualifying > 12)>
    <form class="form" action="${url.loginAction}" method="post" role="search">
        <@field.input name="q" label=msg("structureSearch") value=search hint=msg("structureSearchHint", qualifying)/>
        <div class="actions"><button class="button secondary">${msg("structureDoSearch")}</button></div>
    </form>
    <p role="status"><#if matching = 0>${msg("structureNone")}<#elseif (matching > structures?size)>${msg("structureMore", structures?size, matching)}</#if></p>
    </#if>
    <form action="${url.loginAction}" method="post">
        <ul class="choices">
        <#list structures as structure>
            <li><button name="structure" value="${structure.siren}">${structure.name}
                <span>SIREN ${structure.siren[0..2]} ${structure.siren[3..5]} ${structure.siren[6..8]}</span></button></li>
        </#list>
        </ul>
        <#if isOptional><div class="actions"><button class="button secondary" name="structure" value="">${msg("structureWithout")}</button></div></#if>
    </form>
    </#if>
</@layout.registrationLayout>
