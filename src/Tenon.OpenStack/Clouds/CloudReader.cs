using Tenon.Core;

namespace Tenon.OpenStack;

/// <summary>Turns one cloud of <c>clouds.yaml</c> into credentials.</summary>
internal sealed class CloudReader(string name, YamlValue cloud, string? home, List<Problem> problems)
{
    private const string OverrideSuffix = "_endpoint_override";

    private static readonly string[] AuthKeys =
    [
        "auth_url", "username", "user_name", "user_id", "password", "token", "auth_token", "project_name", "project_id", "tenant_name",
        "tenant_id", "user_domain_id", "user_domain_name", "project_domain_id", "project_domain_name", "domain_id", "domain_name",
        "default_domain", "default_domain_id", "default_domain_name", "trust_id", "application_credential_id",
        "application_credential_name", "application_credential_secret", "system_scope",
    ];

    private readonly YamlValue _auth = cloud["auth"];

    public CloudCredentials? Read()
    {
        WarnOfUnknownKeys();
        Uri? url = ReadAuthUrl();
        AuthMethod? method = ReadMethod();
        AuthScope scope = ReadScope();
        TlsSettings tls = ReadTls();
        EndpointInterface face = ReadInterface();
        EquatableArray<EndpointOverride> overrides = ReadOverrides();
        return url is null || method is null
            ? null
            : new() { AuthUrl = url, Method = method, Scope = scope, Region = ReadRegion(), Interface = face, Tls = tls, EndpointOverrides = overrides };
    }

    /// <summary>The first of the keys that has a value, in <c>auth</c> or beside it: both places are in use.</summary>
    private YamlValue Find(params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
        {
            if (_auth[key].Text is { Length: > 0 }) return _auth[key];
            if (cloud[key].Text is { Length: > 0 }) return cloud[key];
        }

        return YamlValue.Missing;
    }

    private string? Text(params ReadOnlySpan<string> keys) => Find(keys).Text;

    private string Field(string key) => $"clouds.{name}.{key}";

    private void Error(string key, string? value, string message, string fix, int? line = null)
        => problems.Add(Problem.Error(Field(key), value, message, fix, line ?? cloud.Line));

    private void WarnOfUnknownKeys()
    {
        foreach (string key in _auth.Keys.Where(k => !AuthKeys.Contains(k.Replace('-', '_'))))
        {
            string fix = NearestName.Find(key, AuthKeys) is { } near ? $"Did you mean {near}?" : "Remove it, or move it out of auth.";
            problems.Add(Problem.Warning(Field($"auth.{key}"), null, "it is not known and has no effect", fix, _auth[key].Line));
        }
    }

    private Uri? ReadAuthUrl()
    {
        YamlValue value = Find("auth_url");
        if (value.Text is not { } text)
        {
            Error("auth.auth_url", null, "it is missing", "Set it to Keystone's address, such as https://cloud.example.org:5000/v3.");
            return null;
        }

        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https") return url;
        Error("auth.auth_url", text, "it is no http or https address", "Set it to Keystone's address, such as https://cloud.example.org:5000/v3.", value.Line);
        return null;
    }

    private AuthMethod? ReadMethod()
    {
        YamlValue type = cloud["auth_type"];
        bool credential = Text("application_credential_id", "application_credential_name") is not null;
        bool token = Text("token", "auth_token") is not null && Text("password") is null;
        switch (type.Text ?? (credential ? "v3applicationcredential" : token ? "token" : "password"))
        {
            case "password" or "v3password": return ReadPassword();
            case "token" or "v3token": return ReadToken();
            case "v3applicationcredential" or "v3_applicationcredential": return ReadApplicationCredential();
            case var other:
                string[] known = ["password", "v3password", "token", "v3token", "v3applicationcredential"];
                string near = NearestName.Find(other, known) is { } nearest ? $"Did you mean {nearest}? " : "";
                Error("auth_type", other, "it is not supported", $"{near}Use one of {string.Join(", ", known)}.", type.Line);
                return null;
        }
    }

    private AuthMethod.Password? ReadPassword()
    {
        string? id = Text("user_id");
        string? user = Text("username", "user_name");
        string? password = Text("password");
        if (id is null && user is null) Error("auth.username", null, "neither username nor user_id is set", "Set one of them.");
        if (password is null) Error("auth.password", null, "it is missing", "Set it, in clouds.yaml or in secure.yaml.");
        DomainReference? domain = id is null && user is not null ? ReadUserDomain() : null;
        return password is null || (id is null && user is null) ? null : new(id, user, domain, new(password));
    }

    private AuthMethod.Token? ReadToken()
    {
        if (Text("token", "auth_token") is { } token) return new(new(token));
        Error("auth.token", null, "it is missing", "Set it, or use another auth_type.");
        return null;
    }

    private AuthMethod.ApplicationCredential? ReadApplicationCredential()
    {
        string? id = Text("application_credential_id");
        string? credential = Text("application_credential_name");
        string? secret = Text("application_credential_secret");
        string? userId = Text("user_id");
        string? user = Text("username", "user_name");
        bool named = id is not null || credential is not null;
        bool owned = id is not null || userId is not null || user is not null;
        if (!named) Error("auth.application_credential_id", null, "neither application_credential_id nor application_credential_name is set", "Set one of them.");
        if (secret is null) Error("auth.application_credential_secret", null, "it is missing", "Set it, in clouds.yaml or in secure.yaml.");
        if (named && !owned) Error("auth.user_id", null, "an application credential by name needs its user", "Set user_id, or username and its domain, or use application_credential_id.");
        if (!named || !owned || secret is null) return null;
        DomainReference? domain = id is null && userId is null ? ReadUserDomain() : null;
        return new(id, credential, userId, user, domain, new(secret));
    }

    private DomainReference ReadUserDomain()
    {
        if ((DomainOf("user_domain") ?? DomainOf("domain") ?? ReadDefaultDomain()) is { } domain) return domain;
        problems.Add(Problem.Warning(
            Field("auth.user_domain_name"), null, "the user's domain is not set; the domain with the ID \"default\" is taken", "Set user_domain_name or user_domain_id.", _auth.Line));
        return DomainReference.ById("default");
    }

    private DomainReference? DomainOf(string prefix)
        => (Text($"{prefix}_id"), Text($"{prefix}_name")) switch
        {
            (null, null) => null,
            (var id, var named) => new(id, named),
        };

    private DomainReference? ReadDefaultDomain()
        => DomainOf("default_domain") ?? (Text("default_domain") is { } id ? DomainReference.ById(id) : null);

    private AuthScope ReadScope()
    {
        if (Text("trust_id") is { } trust) return new AuthScope.Trust(trust);
        string? id = Text("project_id", "tenant_id");
        string? project = Text("project_name", "tenant_name");
        if (id is not null) return new AuthScope.Project(id, null, null);
        if (project is not null)
        {
            DomainReference domain = DomainOf("project_domain") ?? DomainOf("domain") ?? ReadDefaultDomain() ?? DomainOf("user_domain") ?? DomainReference.ById("default");
            return new AuthScope.Project(null, project, domain);
        }

        if (DomainOf("domain") is { } scope) return new AuthScope.Domain(scope);
        return Text("system_scope") is not null ? new AuthScope.System() : AuthScope.None;
    }

    private string? ReadRegion()
    {
        YamlValue regions = cloud["regions"];
        if (Text("region_name")?.Split(',')[0].Trim() is { Length: > 0 } region) return region;
        return regions.Items.Count == 0 ? null : regions.Items[0].Text ?? regions.Items[0]["name"].Text;
    }

    private EndpointInterface ReadInterface()
    {
        YamlValue value = cloud["interface"].Exists ? cloud["interface"] : cloud["endpoint_type"];
        switch ((value.Text ?? "public").Replace("URL", "", StringComparison.OrdinalIgnoreCase).ToLowerInvariant())
        {
            case "public": return EndpointInterface.Public;
            case "internal": return EndpointInterface.Internal;
            case "admin": return EndpointInterface.Admin;
            default:
                Error("interface", value.Text, "it is no interface", "Use public, internal or admin.", value.Line);
                return EndpointInterface.Public;
        }
    }

    private TlsSettings ReadTls()
    {
        bool insecure = ReadFlag("insecure", false) || !ReadFlag("verify", true);
        string? certificate = ReadPath("cert");
        string? key = ReadPath("key");
        if (key is not null && certificate is null) Error("key", key, "a key without a certificate", "Set cert to the certificate's file.");
        return new() { CaFile = ReadPath("cacert"), ClientCertificateFile = certificate, ClientKeyFile = key, Insecure = insecure };
    }

    private bool ReadFlag(string key, bool otherwise)
    {
        YamlValue value = cloud[key];
        switch (value.Text?.ToLowerInvariant())
        {
            case null: return otherwise;
            case "true" or "yes" or "on" or "1": return true;
            case "false" or "no" or "off" or "0": return false;
            default:
                Error(key, value.Text, "it is neither true nor false", "Use true or false; a file of authorities belongs into cacert.", value.Line);
                return otherwise;
        }
    }

    private string? ReadPath(string key)
    {
        string? path = cloud[key].Text;
        if (string.IsNullOrEmpty(path)) return null;
        return home is not null && (path == "~" || path.StartsWith("~/", StringComparison.Ordinal)) ? home + path[1..] : path;
    }

    private EquatableArray<EndpointOverride> ReadOverrides()
    {
        var overrides = new List<EndpointOverride>();
        foreach (string key in cloud.Keys)
        {
            string normal = key.Replace('-', '_');
            if (!normal.EndsWith(OverrideSuffix, StringComparison.Ordinal) || cloud[key].Text is not { Length: > 0 } text) continue;
            string type = normal[..^OverrideSuffix.Length].Replace('_', '-');
            if (Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https") overrides.Add(new(type, url));
            else Error(key, text, "it is no http or https address", "Set it to the service's address.", cloud[key].Line);
        }

        return overrides.ToEquatableArray();
    }
}
