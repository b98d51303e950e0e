using Tenon.Core;

namespace Tenon.OpenStack.Configuration;

/// <summary>Whether the options of <c>[Global]</c> suffice together to authenticate.</summary>
public static class GlobalOptionsChecks
{
    /// <summary>Every contradiction and every gap, each with the option to set. Call it after clouds.yaml has been merged in.</summary>
    public static EquatableArray<Problem> Check(GlobalOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var problems = new List<Problem>();
        CheckUrl(options, problems);
        CheckTls(options, problems);
        if (options.ApplicationCredentialId is not null || options.ApplicationCredentialName is not null || options.ApplicationCredentialSecret is not null)
            CheckApplicationCredential(options, problems);
        else if (options.TrustId is not null)
            CheckTrust(options, problems);
        else if (options.Token is not null)
            CheckScope(options, problems);
        else
            CheckPassword(options, problems);
        CheckClouds(options, problems);
        return problems.ToEquatableArray();
    }

    private static void CheckUrl(GlobalOptions options, List<Problem> problems)
    {
        if (options.AuthUrl is null && !options.Lines.ContainsKey("auth-url"))
            Missing(options, problems, "auth-url", "Keystone's URL is missing", "Set auth-url, such as https://cloud.example.com:5000/v3, or use-clouds = true.");
    }

    private static void CheckTls(GlobalOptions options, List<Problem> problems)
    {
        if (options.CertFile is not null && options.KeyFile is null)
            Missing(options, problems, "key-file", "a client certificate needs its private key", "Set key-file beside cert-file.");
        if (options.KeyFile is not null && options.CertFile is null)
            Missing(options, problems, "cert-file", "a private key needs its client certificate", "Set cert-file beside key-file.");
        if (options is { TlsInsecure: true, CaFile: not null })
        {
            problems.Add(Problem.Warning("[Global] tls-insecure", "true", "certificates go unchecked, so ca-file does nothing",
                "Remove tls-insecure to check them.", LineOf(options, "tls-insecure")));
        }
        else if (options.TlsInsecure == true)
        {
            problems.Add(Problem.Warning("[Global] tls-insecure", "true", "certificates go unchecked, so anybody on the path can read the password",
                "Set ca-file to the authority that signed them instead.", LineOf(options, "tls-insecure")));
        }
    }

    private static void CheckApplicationCredential(GlobalOptions options, List<Problem> problems)
    {
        if (options.ApplicationCredentialSecret is null)
            Missing(options, problems, "application-credential-secret", "an application credential needs its secret", "Set application-credential-secret.");
        if (options.ApplicationCredentialId is not null) return;
        if (options.ApplicationCredentialName is null)
        {
            Missing(options, problems, "application-credential-id", "an application credential's secret needs its ID or name",
                "Set application-credential-id, or application-credential-name with username and user-domain-name.");
            return;
        }

        if (options.UserId is null && options.Username is null)
            Missing(options, problems, "username", "an application credential given by name needs its user", "Set user-id, or username and user-domain-name.");
        else
            CheckUserDomain(options, problems);
    }

    private static void CheckTrust(GlobalOptions options, List<Problem> problems)
    {
        if (options.TrusteePassword is null && options.Password is null && options.Token is null)
            Missing(options, problems, "trustee-password", "a trust needs the trustee's password", "Set trustee-id and trustee-password.");
        if (options.TrusteeId is null && options.UserId is null && options.Username is null && options.Token is null)
            Missing(options, problems, "trustee-id", "a trust needs the trustee", "Set trustee-id and trustee-password.");
        else if (options.TrusteeId is null && options.Token is null)
            CheckUserDomain(options, problems);
        string? scope = options.TenantId is not null ? "tenant-id" : options.TenantName is not null ? "tenant-name" : null;
        if (scope is not null)
        {
            problems.Add(Problem.Warning($"[Global] {scope}", null, "a trust carries its own project, so the option does nothing", "Remove it.", LineOf(options, scope)));
        }
    }

    private static void CheckPassword(GlobalOptions options, List<Problem> problems)
    {
        if (options.UserId is null && options.Username is null && options.Password is null)
        {
            Missing(options, problems, "username", "there are no credentials",
                "Set username and password, application-credential-id and application-credential-secret, or use-clouds = true.");
            return;
        }

        if (options.UserId is null && options.Username is null)
            Missing(options, problems, "username", "a password needs its user", "Set username and user-domain-name, or user-id.");
        else
            CheckUserDomain(options, problems);
        if (options.Password is null) Missing(options, problems, "password", "the user's password is missing", "Set password.");
        CheckScope(options, problems);
    }

    private static void CheckUserDomain(GlobalOptions options, List<Problem> problems)
    {
        if (options.UserId is not null) return;
        if (options.UserDomainId is null && options.UserDomainName is null && options.DomainId is null && options.DomainName is null)
        {
            Missing(options, problems, "user-domain-name", "a user given by name needs its domain",
                "Set user-domain-name (often Default) or user-domain-id, or domain-name for user and project both.");
        }
    }

    private static void CheckScope(GlobalOptions options, List<Problem> problems)
    {
        if (options.TenantId is not null) return;
        if (options.TenantName is null)
        {
            Missing(options, problems, "tenant-id", "the project is missing", "Set tenant-id, or tenant-name and tenant-domain-name.");
            return;
        }

        if (options.TenantDomainId is null && options.TenantDomainName is null && options.DomainId is null && options.DomainName is null)
        {
            Missing(options, problems, "tenant-domain-name", "a project given by name needs its domain",
                "Set tenant-domain-name (often Default) or tenant-domain-id, or domain-name for user and project both.");
        }
    }

    private static void CheckClouds(GlobalOptions options, List<Problem> problems)
    {
        if (options.UseClouds) return;
        foreach (string name in new[] { "clouds-file", "cloud" })
        {
            if (options.Lines.TryGetValue(name, out int line))
                problems.Add(Problem.Warning($"[Global] {name}", null, "the option does nothing without use-clouds", "Set use-clouds = true, or remove it.", line));
        }
    }

    private static void Missing(GlobalOptions options, List<Problem> problems, string option, string message, string fix)
        => problems.Add(Problem.Error($"[Global] {option}", null, message, fix, LineOf(options, option)));

    private static int? LineOf(GlobalOptions options, string option) => options.Lines.TryGetValue(option, out int line) ? line : null;
}
