# cmake -DBUILD=.. -DWORK=.. -DMACHINE=.. -P: the installed program finds its plugins and runners beside it.
function(run)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env XDG_STATE_HOME=${WORK}/state XDG_CONFIG_HOME=${WORK}/config
                          --unset=STOKER_PLUGIN_PATH --unset=STOKER_CONFIG --unset=STOKER_STATE_DIR ${ARGN}
                  RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(failed)
    message(FATAL_ERROR "${ARGN}:\n${output}")
  endif()
  set(output ${output} PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
run(${WORK}/prefix/bin/stoker version)
run(${WORK}/prefix/bin/stoker plugins list)
foreach(plugin local ssh transformers axolotl)
  if(NOT output MATCHES "${plugin} [^\n]* loaded ")
    message(FATAL_ERROR "${plugin} is not loaded from the installed folder:\n${output}")
  endif()
endforeach()
run(${WORK}/prefix/lib/stoker/runner/stoker-runner-${MACHINE} version)
foreach(file share/doc/stoker/README.md share/doc/stoker/LICENSE share/doc/stoker/examples/jobs/tiny-lm.yaml include/stoker/plugin.h
             share/stoker/templates/tiny-lm/manifest.json share/stoker/templates/parts/environment.sh)
  if(NOT EXISTS ${WORK}/prefix/${file})
    message(FATAL_ERROR "${file} is not installed")
  endif()
endforeach()
file(REMOVE_RECURSE ${WORK})
