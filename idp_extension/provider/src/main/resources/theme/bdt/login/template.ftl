<#-- The frame of every page. It asks for one style sheet and, where something is typed, one script that only helps. -->
<#import "field.ftl" as field>
<#macro registrationLayout bodyClass="" displayInfo=false displayMessage=true displayRequiredFields=false>
<#-- The title repeats the heading. Inherited pages put a comment before it, which a title would show as text. -->
<#local header><#nested "header"></#local>
<#local heading = header?markup_string?replace("<!--.*?-->", "", "rs")?trim>
<#local hasError = (message?? && message.type = "error") || (messagesPerField?? && messagesPerField.existsError("username", "password", "password-confirm"))>
<!DOCTYPE html>
<html lang="${lang}">
<head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex, nofollow">
    <title><#if hasError>${msg("titleError")} </#if><#if pageId! != "login">${heading?no_esc} – </#if>${msg("siteTitle")}</title>
    <link rel="icon" href="data:,">
    <#list properties.styles?split(" ") as style>
    <link rel="stylesheet" href="${url.resourcesPath}/${style}">
    </#list>
    <#if scripts??>
    <#list scripts as script>
    <script src="${script}"></script>
    </#list>
    </#if>
</head>
<body data-page-id="login-${pageId}">
<a class="skip" href="#content">${msg("skipToContent")}</a>
<header>
    <#local brand><svg class="logo" viewBox="0 0 48 48" aria-hidden="true"><path d="M13 40V22a11 11 0 0 1 22 0v18z" fill="#fff"/><path d="M19 40V23a5 5 0 0 1 10 0v17z" fill="#16325c"/><circle cx="24" cy="23" r="2" fill="#fff"/></svg>Banque des Territoires <span>${msg("siteName")}</span></#local>
    <p class="brand"><#if portalUrl()?has_content><a href="${portalUrl()}/">${brand}</a><#else>${brand}</#if></p>
</header>
<main id="content" tabindex="-1">
    <h1>${heading?no_esc}</h1>
    <#if auth?has_content && auth.showUsername() && !auth.showResetCredentials()>
        <#nested "show-username">
        <p class="who">${msg("connectingAs")} <strong>${auth.attemptedUsername}</strong>
            <a href="${url.loginRestartFlowUrl}">${msg("restartLoginTooltip")}</a></p>
    </#if>
    <#if displayMessage && message?has_content && (message.type != "warning" || !isAppInitiatedAction??)>
        <p class="message ${message.type}" role="${(message.type = 'error')?then('alert', 'status')}">${message.summary}</p>
    </#if>
    <#if displayRequiredFields><p class="hint">${msg("requiredFields")}</p></#if>
    <#nested "form">
    <#if auth?has_content && auth.showTryAnotherWayLink()>
    <form action="${url.loginAction}" method="post">
        <button class="button secondary" name="tryAnotherWay" value="on">${msg("doTryAnotherWay")}</button>
    </form>
    </#if>
    <#nested "socialProviders">
    <#if displayInfo><div class="info"><#nested "info"></div></#if>
</main>
<#if (realm.getAttribute("bdt.portal-url"))?has_content>
<footer>
    <a href="${portalUrl()}/contact">${msg("contact")}</a>
    <a href="${portalUrl()}/accessibilite">${msg("accessibility")}</a>
    <a href="${portalUrl()}/mentions-legales">${msg("legal")}</a>
</footer>
</#if>
</body>
</html>
</#macro>

<#-- Address of the portal, without a final slash; empty when neither the realm nor the client knows one. -->
<#function portalUrl>
    <#local fromRealm = (realm.getAttribute("bdt.portal-url"))!"">
    <#return fromRealm?has_content?then(fromRealm, (client.baseUrl)!"")?remove_ending("/")>
</#function>
