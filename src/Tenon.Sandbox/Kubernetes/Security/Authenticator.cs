using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Tenon.Core;

namespace Tenon.Sandbox.Kubernetes.Security;

/// <summary>Finds out who sends a request: client certificates, bearer tokens, or nobody in particular.</summary>
internal sealed class Authenticator(ClusterCertificates certificates, ServiceAccountTokens tokens)
{
    private readonly ConcurrentDictionary<string, UserInfo> _byCertificate = new();
    private readonly ConcurrentDictionary<string, UserInfo> _static = new();

    /// <summary>Lets a fixed bearer token stand for a user.</summary>
    public void AddToken(string token, UserInfo user) => _static[token] = user;

    /// <summary>Who sends a request.</summary>
    /// <exception cref="ApiException">401: what was sent proves nothing.</exception>
    public UserInfo Authenticate(HttpContext context)
    {
        if (context.Connection.ClientCertificate is { } certificate && FromCertificate(certificate) is { } user) return user;
        string header = context.Request.Headers.Authorization.ToString();
        if (header.Length > 0)
        {
            if (header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) && FromToken(header[7..].Trim(), []) is { } bearer) return bearer;
            throw ApiException.Unauthorized();
        }

        return context.Connection.ClientCertificate is null ? UserInfo.Anonymous : throw ApiException.Unauthorized();
    }

    /// <summary>Who a token stands for; <see langword="null"/> when it is not valid.</summary>
    /// <param name="token">The token.</param>
    /// <param name="audiences">Audiences of which it must have one; none means the API server's.</param>
    public UserInfo? FromToken(string token, IReadOnlyCollection<string> audiences)
    {
        UserInfo? user = _static.GetValueOrDefault(token) ?? tokens.Verify(token, audiences);
        return user is null ? null : user with { Groups = WithAuthenticated(user.Groups) };
    }

    private UserInfo? FromCertificate(X509Certificate2 certificate)
    {
        if (_byCertificate.TryGetValue(certificate.Thumbprint, out UserInfo? known)) return known;
        if (!certificates.Trusts(certificate)) return null;
        string name = "";
        var groups = new List<string>();
        foreach (X500RelativeDistinguishedName part in certificate.SubjectName.EnumerateRelativeDistinguishedNames(reversed: false))
        {
            switch (part.GetSingleElementType().Value)
            {
                case "2.5.4.3": name = part.GetSingleElementValue() ?? ""; break;
                case "2.5.4.10": groups.Add(part.GetSingleElementValue() ?? ""); break;
            }
        }

        if (name.Length == 0) return null;
        return _byCertificate[certificate.Thumbprint] = new(name, WithAuthenticated(groups));
    }

    private static EquatableArray<string> WithAuthenticated(IReadOnlyCollection<string> groups) =>
        groups.Contains("system:authenticated") ? groups.ToEquatableArray() : groups.Append("system:authenticated").ToEquatableArray();
}
