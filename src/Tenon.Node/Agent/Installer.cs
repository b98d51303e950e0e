using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Nodes.Agent;

/// <summary>
/// Puts the plugin and its configuration where the container runtime looks. Each file is written aside and renamed, the plugin first: a runtime that finds the
/// configuration finds a plugin that is whole.
/// </summary>
/// <param name="plugin">The plugin to install.</param>
/// <param name="pluginFolder">Where runtimes look for plugins, usually <c>/opt/cni/bin</c>.</param>
/// <param name="configurationFolder">Where they look for configurations, usually <c>/etc/cni/net.d</c>.</param>
/// <param name="socket">The agent's socket, as the plugin sees it.</param>
/// <param name="chain">The plugins that the runtime calls after it.</param>
internal sealed class Installer(string plugin, string pluginFolder, string configurationFolder, string socket, IReadOnlyList<JsonObject> chain)
{
    /// <summary>The plugin's name.</summary>
    public const string PluginName = "tenon-cni";

    /// <summary>The configuration's name: runtimes take the first in the order of names.</summary>
    public const string ConfigurationName = "10-tenon.conflist";

    private const UnixFileMode Everybody = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Executable = Everybody | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Installs what is missing or differs; returns the files that were written.</summary>
    /// <exception cref="IOException">A folder cannot be written to.</exception>
    public IReadOnlyList<string> Install()
    {
        var written = new List<string>();
        Directory.CreateDirectory(pluginFolder);
        Directory.CreateDirectory(configurationFolder);
        string target = Path.Combine(pluginFolder, PluginName);
        // The time of writing is taken over, so that an agent's next start has nothing to compare.
        if (!File.Exists(target) || new FileInfo(target).Length != new FileInfo(plugin).Length || File.GetLastWriteTimeUtc(target) != File.GetLastWriteTimeUtc(plugin))
        {
            string aside = Path.Combine(pluginFolder, $".{PluginName}.new");
            File.Copy(plugin, aside, overwrite: true);
            File.SetLastWriteTimeUtc(aside, File.GetLastWriteTimeUtc(plugin));
            File.SetUnixFileMode(aside, Executable);
            File.Move(aside, target, overwrite: true);
            written.Add(target);
        }

        string path = Path.Combine(configurationFolder, ConfigurationName);
        string content = Configuration();
        if (!File.Exists(path) || File.ReadAllText(path) != content)
        {
            string aside = Path.Combine(configurationFolder, $".{ConfigurationName}.new");
            File.WriteAllText(aside, content);
            File.SetUnixFileMode(aside, Everybody);
            File.Move(aside, path, overwrite: true);
            written.Add(path);
        }

        return written;
    }

    /// <summary>The configuration: runtimes that know of several versions take the newest, others the plain one.</summary>
    internal string Configuration() => new JsonObject
    {
        ["cniVersion"] = "1.0.0",
        ["cniVersions"] = new JsonArray("0.4.0", "1.0.0", "1.1.0"),
        ["name"] = "tenon",
        ["plugins"] = new JsonArray([new JsonObject { ["type"] = PluginName, ["socket"] = socket }, .. chain.Select(next => next.DeepClone())]),
    }.ToJsonString(new JsonSerializerOptions(JsonSerializerOptions.Default) { WriteIndented = true }) + "\n";
}
