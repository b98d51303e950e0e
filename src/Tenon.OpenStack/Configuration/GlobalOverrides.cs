using System.Text.Json.Nodes;
using Tenon.Core;

namespace Tenon.OpenStack.Configuration;

/// <summary>What <c>[Global]</c> sets explicitly, in the words of clouds.yaml, so that it goes before what stands there.</summary>
public static class GlobalOverrides
{
    /// <summary>The overriding text (JSON, which YAML holds); <see langword="null"/> when nothing is set.</summary>
    public static CloudsFile? Of(GlobalOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var auth = new JsonObject();
        Set(auth, "auth_url", options.AuthUrl);
        Set(auth, "user_id", options.TrusteeId ?? options.UserId);
        Set(auth, "username", options.Username);
        Set(auth, "password", options.TrusteePassword ?? options.Password);
        Set(auth, "user_domain_id", options.UserDomainId ?? options.DomainId);
        Set(auth, "user_domain_name", options.UserDomainName ?? options.DomainName);
        Set(auth, "project_id", options.TenantId);
        Set(auth, "project_name", options.TenantName);
        Set(auth, "project_domain_id", options.TenantDomainId ?? options.DomainId);
        Set(auth, "project_domain_name", options.TenantDomainName ?? options.DomainName);
        Set(auth, "trust_id", options.TrustId);
        Set(auth, "token", options.Token);
        Set(auth, "application_credential_id", options.ApplicationCredentialId);
        Set(auth, "application_credential_name", options.ApplicationCredentialName);
        Set(auth, "application_credential_secret", options.ApplicationCredentialSecret);

        var cloud = new JsonObject();
        Set(cloud, "auth_type", options switch
        {
            { ApplicationCredentialSecret: not null } => "v3applicationcredential",
            { Password: not null } or { TrusteePassword: not null } => "v3password",
            { Token: not null } => "v3token",
            _ => null,
        });
        Set(cloud, "region_name", options.Region);
        Set(cloud, "interface", options.Endpoint?.ToString().ToLowerInvariant());
        Set(cloud, "cacert", options.CaFile);
        Set(cloud, "cert", options.CertFile);
        Set(cloud, "key", options.KeyFile);
        if (options.TlsInsecure is { } insecure) cloud["verify"] = !insecure;
        if (auth.Count > 0) cloud["auth"] = auth;
        return cloud.Count == 0 ? null : new CloudsFile("[Global]", new JsonObject { ["override"] = cloud }.ToJsonString());
    }

    private static void Set(JsonObject target, string key, string? value)
    {
        if (value is not null) target[key] = value;
    }

    private static void Set(JsonObject target, string key, Secret? value)
    {
        if (value is not null) target[key] = value.Reveal();
    }
}
