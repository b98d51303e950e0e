using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Tenon.Core;

namespace Tenon.Sandbox.Kubernetes.Security;

/// <summary>The <c>Impersonate-*</c> headers: acting as somebody else, as <c>kubectl --as</c> does.</summary>
internal static class Impersonation
{
    private const string ExtraPrefix = "Impersonate-Extra-";
    private const string AccountPrefix = "system:serviceaccount:";

    /// <summary>Who a request acts as; <see langword="null"/> without such headers.</summary>
    /// <param name="headers">The request's headers.</param>
    /// <param name="require">Refuses what the real user may not do.</param>
    /// <exception cref="ApiException">400: groups and the like without a user.</exception>
    public static UserInfo? Read(IHeaderDictionary headers, Action<AccessRequest> require)
    {
        string name = headers["Impersonate-User"].ToString();
        string uid = headers["Impersonate-Uid"].ToString();
        string[] groups = [.. headers["Impersonate-Group"].OfType<string>()];
        var extra = headers.Where(h => h.Key.StartsWith(ExtraPrefix, StringComparison.OrdinalIgnoreCase))
            .Select(h => KeyValuePair.Create(Uri.UnescapeDataString(h.Key[ExtraPrefix.Length..].ToLowerInvariant()), h.Value)).ToList();
        if (name.Length == 0)
        {
            if (groups.Length == 0 && uid.Length == 0 && extra.Count == 0) return null;
            throw ApiException.BadRequest("requested groups, uid or extra without impersonating a user");
        }

        string[] account = name.StartsWith(AccountPrefix, StringComparison.Ordinal) ? name[AccountPrefix.Length..].Split(':') : [];
        if (account.Length == 2)
        {
            require(Ask("", "serviceaccounts", account[1]) with { Namespace = account[0] });
            if (groups.Length == 0) groups = ["system:serviceaccounts", $"system:serviceaccounts:{account[0]}"];
        }
        else
        {
            require(Ask("", "users", name));
        }

        foreach (string group in headers["Impersonate-Group"].OfType<string>()) require(Ask("", "groups", group));
        if (uid.Length > 0) require(Ask("authentication.k8s.io", "uids", uid));
        foreach ((string key, StringValues values) in extra)
        {
            foreach (string value in values.OfType<string>()) require(Ask("authentication.k8s.io", "userextras", value) with { Subresource = key });
        }

        string implied = name == UserInfo.Anonymous.Name ? "system:unauthenticated" : "system:authenticated";
        return new(name, groups.Append(implied).Distinct().ToEquatableArray(), uid)
        {
            Extra = extra.Select(e => KeyValuePair.Create(e.Key, e.Value.OfType<string>().ToEquatableArray())).ToEquatableArray(),
        };
    }

    private static AccessRequest Ask(string group, string resource, string name) =>
        new() { IsResource = true, Verb = "impersonate", Group = group, Resource = resource, Name = name };
}
