using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tenon.Core;
using Tenon.OpenStack;
using Tenon.OpenStack.Configuration;

namespace Tenon.CloudController.Configuration;

/// <summary>
/// Reads cloud.conf from a file and completes it: <c>use-clouds</c> from clouds.yaml, <c>regional-provider-id</c> from the environment. The files
/// that the options name are looked into, so that a wrong path is reported at the start and not by the first call.
/// </summary>
/// <param name="variable">Gives a variable of the environment.</param>
public sealed class CloudConfigLoader(Func<string, string?> variable)
{
    /// <summary>Loads a file.</summary>
    /// <param name="path">The file.</param>
    public CloudConfigResult Load(string path)
    {
        byte[] content;
        try
        {
            content = File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new CloudConfigResult(null, [Problem.Error("--cloud-config", path, $"the file cannot be read ({exception.Message.TrimEnd('.')})", "Give the path of cloud.conf.")]);
        }

        return Complete(CloudConfig.Parse(GcfgDocument.Parse(content)));
    }

    /// <summary>Loads a cloud of clouds.yaml, without any cloud.conf.</summary>
    /// <param name="cloud">The cloud's name there.</param>
    public CloudConfigResult LoadCloud(string cloud)
    {
        ArgumentNullException.ThrowIfNull(cloud);
        CloudConfig config = CloudConfig.Parse("[Global]\nuse-clouds = true").Config!;
        return Complete(new CloudConfigResult(config with { Global = config.Global with { Cloud = cloud, Lines = new Dictionary<string, int>() } }, []));
    }

    /// <summary>Completes a configuration that was parsed.</summary>
    public CloudConfigResult Complete(CloudConfigResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        if (parsed.Config is not { } config) return parsed;
        var problems = new List<Problem>(parsed.Problems);
        if (config.Global.UseClouds)
        {
            // What clouds.yaml would have given is not missing as long as clouds.yaml itself is.
            if (MergeClouds(config.Global, problems) is not { } global) return CloudConfigResult.Of(config, problems);
            problems.AddRange(GlobalOptionsChecks.Check(global));
            config = config with { Global = global };
        }

        CheckFiles(config.Global, problems);
        return CloudConfigResult.Of(config with { Node = Regional(config.Node, problems) }, problems);
    }

    private GlobalOptions? MergeClouds(GlobalOptions global, List<Problem> problems)
    {
        string[] places = Places(global);
        string? path = global.CloudsFile ?? (variable("OS_CLIENT_CONFIG_FILE") is { Length: > 0 } named ? named : places.FirstOrDefault(File.Exists));
        int? line = global.Lines.TryGetValue("clouds-file", out int at) ? at : global.Lines.TryGetValue("use-clouds", out at) ? at : null;
        if (path is null || ReadText(path) is not { } text)
        {
            string looked = path ?? string.Join(", ", places);
            problems.Add(Problem.Error("[Global] clouds-file", path, "there is no clouds.yaml that can be read", $"Looked at {looked}; set clouds-file in [Global] of cloud.conf, or OS_CLIENT_CONFIG_FILE, to its path.", line));
            return null;
        }

        string directory = Path.GetDirectoryName(Path.GetFullPath(path)) ?? ".";
        CloudsFile? Beside(string name) => ReadText(Path.Combine(directory, name)) is { } content ? new CloudsFile(Path.Combine(directory, name), content) : null;
        string? cloud = global.Cloud ?? (variable("OS_CLOUD") is { Length: > 0 } chosen ? chosen : null);
        CloudsYamlResult result = CloudsYaml.Read(
            new CloudsFiles
            {
                Clouds = new CloudsFile(path, text),
                Secure = Beside("secure.yaml") ?? Beside("secure.yml"),
                Public = Beside("clouds-public.yaml") ?? Beside("clouds-public.yml"),
                Overrides = GlobalOverrides.Of(global),
                HomeDirectory = variable("HOME"),
            },
            cloud);
        problems.AddRange(result.Problems);
        return result.Credentials is null ? null : GlobalCredentials.Complete(global, result.Credentials);
    }

    private string[] Places(GlobalOptions global)
    {
        if (global.CloudsFile is not null) return [global.CloudsFile];
        string home = variable("XDG_CONFIG_HOME") is { Length: > 0 } configured ? configured
            : variable("HOME") is { Length: > 0 } directory ? Path.Combine(directory, ".config") : "";
        string?[] places = ["clouds.yaml", home.Length > 0 ? Path.Combine(home, "openstack", "clouds.yaml") : null, "/etc/openstack/clouds.yaml"];
        return [.. places.OfType<string>()];
    }

    private NodeOptions Regional(NodeOptions node, List<Problem> problems)
    {
        if (node.RegionalProviderId is not null || variable("OS_CCM_REGIONAL") is not { Length: > 0 } text) return node;
        if (bool.TryParse(text, out bool regional)) return node with { RegionalProviderId = regional };
        problems.Add(Problem.Warning("OS_CCM_REGIONAL", text, "the value is not true or false, so it counts as false", "Write true, or set regional-provider-id in [Node] of cloud.conf."));
        return node;
    }

    private static void CheckFiles(GlobalOptions global, List<Problem> problems)
    {
        Check("ca-file", global.CaFile, CheckAuthorities, "certificate");
        Check("cert-file", global.CertFile, path => X509Certificate2.CreateFromPem(File.ReadAllText(path)).Dispose(), "certificate");
        Check("key-file", global.KeyFile, CheckKey, "private key");

        void Check(string option, string? path, Action<string> read, string what)
        {
            if (path is null) return;
            int? line = global.Lines.TryGetValue(option, out int at) ? at : null;
            try
            {
                read(path);
            }
            catch (CryptographicException)
            {
                problems.Add(Problem.Error($"[Global] {option}", path, $"the file holds no {what} in PEM", $"Write the path of a file that begins with -----BEGIN {what.ToUpperInvariant()}-----.", line));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                problems.Add(Problem.Error($"[Global] {option}", path, $"the file cannot be read ({exception.Message.TrimEnd('.')})", "Write the path of a file that this process may read; in a pod it must be mounted.", line));
            }
        }
    }

    private static void CheckAuthorities(string path)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(path);
        if (authorities.Count == 0) throw new CryptographicException("there is no certificate");
        foreach (X509Certificate2 authority in authorities) authority.Dispose();
    }

    private static void CheckKey(string path)
    {
        string text = File.ReadAllText(path);
        if (!PemEncoding.TryFind(text, out PemFields fields) || !text[fields.Label].EndsWith("PRIVATE KEY", StringComparison.Ordinal))
            throw new CryptographicException("there is no private key");
    }

    private static string? ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
