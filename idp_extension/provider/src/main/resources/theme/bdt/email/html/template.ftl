<#-- Styles stand in the tags: mail readers drop style sheets. -->
<#macro emailLayout preview="">
<!DOCTYPE html>
<html lang="fr">
<head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${msg("signature")}</title>
</head>
<body style="margin:0;padding:24px 16px;color:#1b1f24;background:#ffffff;font-family:system-ui,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
    <#if preview?has_content><div style="display:none">${preview}</div></#if>
    <div style="max-width:560px;margin:0 auto">
        <p style="margin:0 0 24px;padding-bottom:12px;border-bottom:3px solid #16325c;color:#16325c;font-weight:bold">Banque des Territoires</p>
        <#nested>
        <p style="margin:32px 0 0;padding-top:12px;border-top:1px solid #767f8c;color:#4a5361;font-size:14px">${msg("signature")}<br>${msg("automatic")}</p>
    </div>
</body>
</html>
</#macro>

<#macro identifiant>
<p>${msg("yourIdentifiant")} <strong style="font-size:20px;color:#16325c">${user.username}</strong></p>
</#macro>

<#macro action label>
<p><a href="${link}" style="display:inline-block;padding:10px 24px;border-radius:4px;color:#ffffff;background:#16325c;font-weight:bold;text-decoration:none">${label}</a></p>
<p>${msg("linkExpires", linkExpirationFormatter(linkExpiration))}</p>
<p style="font-size:14px">${msg("linkNotWorking")}<br><a href="${link}" style="color:#16325c;word-break:break-all">${link}</a></p>
</#macro>
