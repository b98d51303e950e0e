using System.Collections.Immutable;
using System.Text;

namespace Tenon.Sandbox.OpenStack;

/// <summary>The files with which clients find the cloud.</summary>
internal static class CloudFiles
{
    /// <summary>clouds.yaml: <c>sandbox</c> and <c>sandbox-admin</c> in the first region, and each again with <c>-REGION</c> for further ones.</summary>
    public static string CloudsYaml(string authUrl, ImmutableArray<string> regions)
    {
        var text = new StringBuilder("clouds:\n");
        for (int i = 0; i < regions.Length; i++)
        {
            string suffix = i == 0 ? "" : $"-{regions[i]}";
            Append(text, $"sandbox{suffix}", authUrl, regions[i], "demo", "demo");
            Append(text, $"sandbox-admin{suffix}", authUrl, regions[i], "admin", "admin");
        }

        return text.ToString();
    }

    /// <summary>cloud.conf with credentials and region only; everything else is found from the cloud.</summary>
    public static string CloudConf(string authUrl, string region) => $"""
        [Global]
        auth-url={authUrl}
        username=demo
        password={WorldSeeder.Password}
        tenant-name=demo
        domain-name=Default
        region={region}

        """;

    private static void Append(StringBuilder text, string cloud, string authUrl, string region, string project, string user) => text.Append($"""
          {cloud}:
            auth:
              auth_url: {authUrl}
              project_name: {project}
              username: {user}
              password: {WorldSeeder.Password}
              user_domain_name: Default
              project_domain_name: Default
            region_name: {region}
            interface: public
            identity_api_version: 3

        """.Replace("\r", "", StringComparison.Ordinal));
}
